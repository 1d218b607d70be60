-- mechanism: table.move of nils over 2^62 elements writes nothing and never ends
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b09-move-empty-table
-- after: {"id": "b09-move-empty-table", "code": "return State.get('b09-move-empty-table.before'), State.get('b09-move-empty-table.after')", "expect": "value \"1\\tnil\""}

State.set('b09-move-empty-table.before', 1)
table.move({}, 1, 1 << 62, 1)
State.set('b09-move-empty-table.after', 1)
