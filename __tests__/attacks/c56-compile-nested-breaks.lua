-- mechanism: pending gotos moved out of 150 nested blocks, again and again
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c56-compile-nested-breaks
-- after: {"id": "c56-compile-nested-breaks", "code": "return State.get('c56-compile-nested-breaks.before'), State.get('c56-compile-nested-breaks.after')", "expect": "value \"1\\tnil\""}

State.set('c56-compile-nested-breaks.before', 1)
local s = 'while x do ' .. ('do local z '):rep(150) .. ('if x then break end '):rep(20000) .. ('end '):rep(150) .. 'end'
while true do load(s) end
State.set('c56-compile-nested-breaks.after', 1)
