-- mechanism: coroutine.wrap(pcall) as for-iterator restarts a killed body from C
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a31-wrap-as-iterator
-- after: {"id": "a31-wrap-as-iterator", "code": "return State.get('a31-wrap-as-iterator.before'), State.get('a31-wrap-as-iterator.after')", "expect": "value \"1\\tnil\""}

State.set('a31-wrap-as-iterator.before', 1)
local function loop() while true do end end
while true do
  pcall(function() for v in coroutine.wrap(pcall), loop do State.set('a31-wrap-as-iterator.after', 1) end end)
  State.set('a31-wrap-as-iterator.after', 1)
end
