-- mechanism: %f with a long set: two walks of the set per position
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c16-find-frontier-long-set
-- after: {"id": "c16-find-frontier-long-set", "code": "return State.get('c16-find-frontier-long-set.before'), State.get('c16-find-frontier-long-set.after')", "expect": "value \"1\\tnil\""}

State.set('c16-find-frontier-long-set.before', 1)
string.find(('b'):rep(1000000), '%f[' .. ('%a'):rep(500000) .. 'a]c')
State.set('c16-find-frontier-long-set.after', 1)
