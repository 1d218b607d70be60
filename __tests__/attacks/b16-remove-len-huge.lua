-- mechanism: table.remove at 1 with __len = 2^62 shifts 2^62 elements in C
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b16-remove-len-huge
-- after: {"id": "b16-remove-len-huge", "code": "return State.get('b16-remove-len-huge.before'), State.get('b16-remove-len-huge.after')", "expect": "value \"1\\tnil\""}

State.set('b16-remove-len-huge.before', 1)
table.remove(setmetatable({}, {__len = function() return 1 << 62 end}), 1)
State.set('b16-remove-len-huge.after', 1)
