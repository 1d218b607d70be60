-- mechanism: values that push out everything, beside many small ones, in a dictionary that is full
-- options: {"timeout": 300}
-- shared: {"board": {"maxBytes": 8388608}}
-- expect: ERR_LUA_TIMEOUT

local big = ('x'):rep(8000000)
local i = 0
while true do
  for _ = 1, 2000 do i = i + 1 Shared.board:set(i, i) end
  Shared.board:set('big', big)
end
