-- mechanism: fill a dictionary, and walk through it again and again, in protected calls
-- options: {"timeout": 300}
-- shared: {"board": {"maxBytes": 33554432}}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY

for i = 1, 100000 do Shared.board:set(i, i) end
while true do
  pcall(function() return Shared.board:get_keys(0) end)
  pcall(function() return Shared.board:flush_expired(0) end)
  pcall(function() Shared.board:flush_all() end)
  for i = 1, 100 do Shared.board:set(i, i, 0.001) end
end
