-- mechanism: table.move overlapping, so that the C loop counts down
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b10-move-backwards
-- after: {"id": "b10-move-backwards", "code": "return State.get('b10-move-backwards.before'), State.get('b10-move-backwards.after')", "expect": "value \"1\\tnil\""}

State.set('b10-move-backwards.before', 1)
table.move({}, 1, 1 << 61, 2)
State.set('b10-move-backwards.after', 1)
