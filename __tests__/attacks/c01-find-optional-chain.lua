-- mechanism: `a?` x 30 against a^30 is 2^30 backtracking steps in one string.find
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c01-find-optional-chain
-- after: {"id": "c01-find-optional-chain", "code": "return State.get('c01-find-optional-chain.before'), State.get('c01-find-optional-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c01-find-optional-chain.before', 1)
string.find(('a'):rep(30), ('a?'):rep(30) .. ('a'):rep(31))
State.set('c01-find-optional-chain.after', 1)
