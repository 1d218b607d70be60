-- mechanism: one OP_CONCAT with 200 operands of 200 KB
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d17-concat-200-operands
-- after: {"id": "d17-concat-200-operands", "code": "return State.get('d17-concat-200-operands.before'), State.get('d17-concat-200-operands.after')", "expect": "value \"1\\tnil\""}

State.set('d17-concat-200-operands.before', 1)
local f = load('local s = ... while true do local x = ' .. ('s..'):rep(180) .. 's end')
f(('x'):rep(200000))
State.set('d17-concat-200-operands.after', 1)
