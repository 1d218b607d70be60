-- mechanism: an anchored pattern backtracks just as much
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c07-find-anchored-backtracking
-- after: {"id": "c07-find-anchored-backtracking", "code": "return State.get('c07-find-anchored-backtracking.before'), State.get('c07-find-anchored-backtracking.after')", "expect": "value \"1\\tnil\""}

State.set('c07-find-anchored-backtracking.before', 1)
string.find(('ab'):rep(400), '^' .. ('[ab]*'):rep(7) .. 'c')
State.set('c07-find-anchored-backtracking.after', 1)
