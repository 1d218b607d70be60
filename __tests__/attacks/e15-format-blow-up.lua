-- mechanism: string.format("%s%s", s, s) doubles
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY
-- id: e15-format-blow-up
-- after: {"id": "e15-format-blow-up", "code": "return State.get('e15-format-blow-up.before'), State.get('e15-format-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e15-format-blow-up.before', 1)
local s = "x" while true do s = string.format("%s%s", s, s) end
State.set('e15-format-blow-up.after', 1)
