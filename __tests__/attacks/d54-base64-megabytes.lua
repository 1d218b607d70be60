-- mechanism: base64 of 24 MB there and back, in a loop, and of what is wrong at its end only
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT

local bytes = ('\xff'):rep(24 << 20)
while true do
  local text = base64.encode(bytes)
  base64.decode(text)
  base64.decode(text .. '!')
end
