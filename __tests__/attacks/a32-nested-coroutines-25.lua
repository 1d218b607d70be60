-- mechanism: the loop runs 25 coroutines deep, each level swallowing the kill of the one inside
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a32-nested-coroutines-25
-- after: {"id": "a32-nested-coroutines-25", "code": "return State.get('a32-nested-coroutines-25.before'), State.get('a32-nested-coroutines-25.after')", "expect": "value \"1\\tnil\""}

State.set('a32-nested-coroutines-25.before', 1)
local function nest(n)
  if n == 0 then while true do end end
  local co = coroutine.create(nest)
  coroutine.resume(co, n - 1)
  State.set('a32-nested-coroutines-25.after', 1)
  while true do end
end
nest(25)
