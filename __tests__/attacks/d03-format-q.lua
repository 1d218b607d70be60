-- mechanism: %q of 20 MB that all need escapes
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d03-format-q
-- after: {"id": "d03-format-q", "code": "return State.get('d03-format-q.before'), State.get('d03-format-q.after')", "expect": "value \"1\\tnil\""}

State.set('d03-format-q.before', 1)
local s = ('\0\n"\r'):rep(4000000)
while true do string.format('%q', s) end
State.set('d03-format-q.after', 1)
