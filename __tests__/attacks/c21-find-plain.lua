-- mechanism: plain find is n*m: memchr hits at every position, memcmp runs to the end each time
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c21-find-plain
-- after: {"id": "c21-find-plain", "code": "return State.get('c21-find-plain.before'), State.get('c21-find-plain.after')", "expect": "value \"1\\tnil\""}

State.set('c21-find-plain.before', 1)
string.find(('a'):rep(8000000), ('a'):rep(4000000) .. 'b', 1, true)
State.set('c21-find-plain.after', 1)
