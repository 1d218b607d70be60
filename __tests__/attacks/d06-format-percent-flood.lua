-- mechanism: a format of 40 MB of `%%`: no arguments, one byte per specifier
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d06-format-percent-flood
-- after: {"id": "d06-format-percent-flood", "code": "return State.get('d06-format-percent-flood.before'), State.get('d06-format-percent-flood.after')", "expect": "value \"1\\tnil\""}

State.set('d06-format-percent-flood.before', 1)
local f = ('%%'):rep(20000000)
while true do string.format(f) end
State.set('d06-format-percent-flood.after', 1)
