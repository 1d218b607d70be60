-- mechanism: `not` over a long and/or list walks the list (removevalues) at each of 60 levels
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c66-compile-not-over-list
-- after: {"id": "c66-compile-not-over-list", "code": "return State.get('c66-compile-not-over-list.before'), State.get('c66-compile-not-over-list.after')", "expect": "value \"1\\tnil\""}

State.set('c66-compile-not-over-list.before', 1)
local s = 'return ' .. ('not ('):rep(60) .. ('x and '):rep(3000) .. 'x' .. (')'):rep(60)
while true do load(s) end
State.set('c66-compile-not-over-list.after', 1)
