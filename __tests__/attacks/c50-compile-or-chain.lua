-- mechanism: the same with `or`, and with comparisons and `not`
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c50-compile-or-chain
-- after: {"id": "c50-compile-or-chain", "code": "return State.get('c50-compile-or-chain.before'), State.get('c50-compile-or-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c50-compile-or-chain.before', 1)
while true do
  load('return ' .. ('x or '):rep(100000) .. 'x')
  load('return ' .. ('x==y and not z or '):rep(50000) .. 'x')
end
State.set('c50-compile-or-chain.after', 1)
