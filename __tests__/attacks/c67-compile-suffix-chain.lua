-- mechanism: a.b.c…, f()()()…, a[1][1]…: a million suffixes in one expression
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c67-compile-suffix-chain
-- after: {"id": "c67-compile-suffix-chain", "code": "return State.get('c67-compile-suffix-chain.before'), State.get('c67-compile-suffix-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c67-compile-suffix-chain.before', 1)
while true do
  load('return a' .. ('.b'):rep(500000))
  load('return a' .. ('()'):rep(500000))
  load('a' .. ('[1]'):rep(300000) .. '=1')
  load('return a' .. (':b{}'):rep(200000))
end
State.set('c67-compile-suffix-chain.after', 1)
