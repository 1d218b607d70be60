-- mechanism: the same work in gsub, which starts again at every position
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c06-gsub-backtracking
-- after: {"id": "c06-gsub-backtracking", "code": "return State.get('c06-gsub-backtracking.before'), State.get('c06-gsub-backtracking.after')", "expect": "value \"1\\tnil\""}

State.set('c06-gsub-backtracking.before', 1)
string.gsub(('a'):rep(2000), ('a-'):rep(6) .. 'b', '')
State.set('c06-gsub-backtracking.after', 1)
