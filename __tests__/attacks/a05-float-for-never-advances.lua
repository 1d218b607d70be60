-- mechanism: a float for whose step is too small to advance runs forever in OP_FORLOOP
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a05-float-for-never-advances
-- after: {"id": "a05-float-for-never-advances", "code": "return State.get('a05-float-for-never-advances.before'), State.get('a05-float-for-never-advances.after')", "expect": "value \"1\\tnil\""}

State.set('a05-float-for-never-advances.before', 1)
for i = 2^53, 2^53 + 4, 0.5 do end
State.set('a05-float-for-never-advances.after', 1)
