-- mechanism: the C loop as the body of a coroutine: coroutine.wrap(table.move) has no Lua frame at all
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b05-move-in-coroutine
-- after: {"id": "b05-move-in-coroutine", "code": "return State.get('b05-move-in-coroutine.before'), State.get('b05-move-in-coroutine.after')", "expect": "value \"1\\tnil\""}

State.set('b05-move-in-coroutine.before', 1)
local t = coroutine.wrap(table.move)({}, 1, 1 << 62, 1)
State.set('b05-move-in-coroutine.after', 1)
