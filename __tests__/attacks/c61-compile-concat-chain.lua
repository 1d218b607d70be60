-- mechanism: `a..a..a…`: right-associative, each term nests one level of subexpr, refused at 200 levels or compiled
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c61-compile-concat-chain
-- after: {"id": "c61-compile-concat-chain", "code": "return State.get('c61-compile-concat-chain.before'), State.get('c61-compile-concat-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c61-compile-concat-chain.before', 1)
local s = 'local a="" return ' .. ('a..'):rep(150) .. 'a'
local t = 'local a="" return ' .. ('a..'):rep(100000) .. 'a'
while true do load(s) load(t) end
State.set('c61-compile-concat-chain.after', 1)
