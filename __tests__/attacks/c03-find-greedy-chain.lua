-- mechanism: `.*` x 8 with a mismatch at the end is n^8
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c03-find-greedy-chain
-- after: {"id": "c03-find-greedy-chain", "code": "return State.get('c03-find-greedy-chain.before'), State.get('c03-find-greedy-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c03-find-greedy-chain.before', 1)
string.find(('a'):rep(1000), ('.*'):rep(8) .. 'b')
State.set('c03-find-greedy-chain.after', 1)
