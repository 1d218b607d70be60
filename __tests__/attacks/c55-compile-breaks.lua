-- mechanism: 30 000 breaks in one loop: removing each from the pending list shifts the rest
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c55-compile-breaks
-- after: {"id": "c55-compile-breaks", "code": "return State.get('c55-compile-breaks.before'), State.get('c55-compile-breaks.after')", "expect": "value \"1\\tnil\""}

State.set('c55-compile-breaks.before', 1)
local s = 'while x do ' .. ('if x then break end '):rep(30000) .. 'end'
while true do load(s) end
State.set('c55-compile-breaks.after', 1)
