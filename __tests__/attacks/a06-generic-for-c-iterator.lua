-- mechanism: a generic for whose iterator is a C function (rawlen) never enters a Lua function
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a06-generic-for-c-iterator
-- after: {"id": "a06-generic-for-c-iterator", "code": "return State.get('a06-generic-for-c-iterator.before'), State.get('a06-generic-for-c-iterator.after')", "expect": "value \"1\\tnil\""}

State.set('a06-generic-for-c-iterator.before', 1)
for _ in rawlen, {1} do end
State.set('a06-generic-for-c-iterator.after', 1)
