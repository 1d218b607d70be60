-- mechanism: an __index cycle is cut after 2000 steps with an error: 2000 steps per caught error
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b40-index-loop
-- after: {"id": "b40-index-loop", "code": "return State.get('b40-index-loop.before'), State.get('b40-index-loop.after')", "expect": "value \"1\\tnil\""}

State.set('b40-index-loop.before', 1)
local a, b = {}, {}
setmetatable(a, {__index = b, __newindex = b}) setmetatable(b, {__index = a, __newindex = a})
while true do
  pcall(function() return a.x end)
  pcall(function() a.x = 1 end)
  pcall(table.concat, a, '', 1, 5)
end
State.set('b40-index-loop.after', 1)
