-- mechanism: %q grows control characters fourfold, repeatedly
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY
-- id: e16-format-q-blow-up
-- after: {"id": "e16-format-q-blow-up", "code": "return State.get('e16-format-q-blow-up.before'), State.get('e16-format-q-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e16-format-q-blow-up.before', 1)
local s = "\0" while true do s = string.format("%q", s) end
State.set('e16-format-q-blow-up.after', 1)
