-- mechanism: hex of 24 MB there and back, in a loop, past the memory limit
-- options: {"timeout": 300, "memoryLimit": 100663296}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

local bytes = ('\xff'):rep(24 << 20)
while true do
  pcall(function() hex.decode(hex.encode(bytes)) end)
  bytes = bytes .. bytes
end
