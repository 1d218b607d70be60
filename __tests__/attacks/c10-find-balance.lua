-- mechanism: %b() on 10^6 open brackets: quadratic scan in matchbalance
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c10-find-balance
-- after: {"id": "c10-find-balance", "code": "return State.get('c10-find-balance.before'), State.get('c10-find-balance.after')", "expect": "value \"1\\tnil\""}

State.set('c10-find-balance.before', 1)
string.find(('('):rep(1000000), '%b()')
State.set('c10-find-balance.after', 1)
