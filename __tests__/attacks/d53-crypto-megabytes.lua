-- mechanism: crypto: hashes, HMAC with a long key, and comparison of 32 MB, in a loop
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT

local text = ('x'):rep(32 << 20)
local other = text:sub(1, -2) .. 'y'
while true do
  for _, hash in ipairs{'md5', 'sha1', 'sha256', 'sha512'} do
    crypto[hash](text)
    crypto.hmac(hash, text, text)
  end
  crypto.equal(text, other)
  for i = 1, 10 do crypto.random(1 << 20) end
end
