-- mechanism: `a+` x 8 in string.match with captures
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c04-match-plus-chain
-- after: {"id": "c04-match-plus-chain", "code": "return State.get('c04-match-plus-chain.before'), State.get('c04-match-plus-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c04-match-plus-chain.before', 1)
string.match(('a'):rep(400), ('(a+)'):rep(8) .. 'b')
State.set('c04-match-plus-chain.after', 1)
