-- mechanism: table.insert at 1 with __len = 2^62 shifts 2^62 elements in C
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b14-insert-len-huge
-- after: {"id": "b14-insert-len-huge", "code": "return State.get('b14-insert-len-huge.before'), State.get('b14-insert-len-huge.after')", "expect": "value \"1\\tnil\""}

State.set('b14-insert-len-huge.before', 1)
table.insert(setmetatable({}, {__len = function() return 1 << 62 end}), 1, 'x')
State.set('b14-insert-len-huge.after', 1)
