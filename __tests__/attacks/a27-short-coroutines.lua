-- mechanism: many short coroutines, each below any count interval of a per-coroutine hook
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a27-short-coroutines
-- after: {"id": "a27-short-coroutines", "code": "return State.get('a27-short-coroutines.before'), State.get('a27-short-coroutines.after')", "expect": "value \"1\\tnil\""}

State.set('a27-short-coroutines.before', 1)
while true do coroutine.wrap(function() end)() end
State.set('a27-short-coroutines.after', 1)
