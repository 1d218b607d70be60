-- mechanism: `x and x and …` with 3*10^5 terms: luaK_concat walks the jump list for each
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c49-compile-and-chain
-- after: {"id": "c49-compile-and-chain", "code": "return State.get('c49-compile-and-chain.before'), State.get('c49-compile-and-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c49-compile-and-chain.before', 1)
load('return ' .. ('x and '):rep(300000) .. 'x')
State.set('c49-compile-and-chain.after', 1)
