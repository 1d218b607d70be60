-- mechanism: State.list of thousands of keys in a loop, with every prefix
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d46-state-list-big
-- after: {"id": "d46-state-list-big", "code": "return State.get('d46-state-list-big.before'), State.get('d46-state-list-big.after')", "expect": "value \"1\\tnil\""}

State.set('d46-state-list-big.before', 1)
for i = 1, 2000 do State.set('d46-state-list-big.' .. i, 1) end
while true do State.list() State.list('d46-state-list-big') State.list('') end
State.set('d46-state-list-big.after', 1)
