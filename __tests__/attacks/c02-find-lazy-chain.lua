-- mechanism: `.-` x 8 with a mismatch at the end is n^8
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c02-find-lazy-chain
-- after: {"id": "c02-find-lazy-chain", "code": "return State.get('c02-find-lazy-chain.before'), State.get('c02-find-lazy-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c02-find-lazy-chain.before', 1)
string.find(('a'):rep(1000), ('.-'):rep(8) .. 'b')
State.set('c02-find-lazy-chain.after', 1)
