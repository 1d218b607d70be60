-- mechanism: a numeric for over the whole integer range, where OP_FORLOOP is the only instruction
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a04-numeric-for-huge
-- after: {"id": "a04-numeric-for-huge", "code": "return State.get('a04-numeric-for-huge.before'), State.get('a04-numeric-for-huge.after')", "expect": "value \"1\\tnil\""}

State.set('a04-numeric-for-huge.before', 1)
for i = math.mininteger, math.maxinteger do end
State.set('a04-numeric-for-huge.after', 1)
