-- mechanism: the same work in a gmatch iterator, also behind pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c05-gmatch-backtracking
-- after: {"id": "c05-gmatch-backtracking", "code": "return State.get('c05-gmatch-backtracking.before'), State.get('c05-gmatch-backtracking.after')", "expect": "value \"1\\tnil\""}

State.set('c05-gmatch-backtracking.before', 1)
while true do pcall(string.gmatch(('a'):rep(500), ('a*'):rep(7) .. 'b')) end
State.set('c05-gmatch-backtracking.after', 1)
