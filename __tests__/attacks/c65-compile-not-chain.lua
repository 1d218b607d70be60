-- mechanism: chains of unary operators: refused at 200 levels or folded, thousands of times
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c65-compile-not-chain
-- after: {"id": "c65-compile-not-chain", "code": "return State.get('c65-compile-not-chain.before'), State.get('c65-compile-not-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c65-compile-not-chain.before', 1)
while true do
  load('return ' .. ('not '):rep(190) .. 'x')
  load('return ' .. ('not '):rep(100000) .. 'x')
  load('return ' .. ('- '):rep(100000) .. '1')
  load('return ' .. ('~'):rep(100000) .. '1')
end
State.set('c65-compile-not-chain.after', 1)
