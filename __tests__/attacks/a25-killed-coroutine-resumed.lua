-- mechanism: a coroutine that the kill ended is resumed, closed and reused by the outer loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a25-killed-coroutine-resumed
-- after: {"id": "a25-killed-coroutine-resumed", "code": "return State.get('a25-killed-coroutine-resumed.before'), State.get('a25-killed-coroutine-resumed.after')", "expect": "value \"1\\tnil\""}

State.set('a25-killed-coroutine-resumed.before', 1)
local co = coroutine.create(function() while true do end end)
while true do
  coroutine.resume(co)
  coroutine.close(co)
  State.set('a25-killed-coroutine-resumed.after', 1)
  co = coroutine.create(function() while true do end end)
end
