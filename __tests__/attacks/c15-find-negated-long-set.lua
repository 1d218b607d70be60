-- mechanism: a negated set of 10^6 ranges under `*`
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c15-find-negated-long-set
-- after: {"id": "c15-find-negated-long-set", "code": "return State.get('c15-find-negated-long-set.before'), State.get('c15-find-negated-long-set.after')", "expect": "value \"1\\tnil\""}

State.set('c15-find-negated-long-set.before', 1)
string.find(('b'):rep(1000000), '[^' .. ('c-d'):rep(400000) .. ']*e')
State.set('c15-find-negated-long-set.after', 1)
