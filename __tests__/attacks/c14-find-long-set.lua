-- mechanism: a set of 10^6 members is walked for every character: 10^12 steps
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c14-find-long-set
-- after: {"id": "c14-find-long-set", "code": "return State.get('c14-find-long-set.before'), State.get('c14-find-long-set.after')", "expect": "value \"1\\tnil\""}

State.set('c14-find-long-set.before', 1)
string.find(('b'):rep(1000000), '[' .. ('a'):rep(1000000) .. ']')
State.set('c14-find-long-set.after', 1)
