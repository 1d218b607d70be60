-- mechanism: byte and char through 9*10^4 stack slots
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d20-byte-char
-- after: {"id": "d20-byte-char", "code": "return State.get('d20-byte-char.before'), State.get('d20-byte-char.after')", "expect": "value \"1\\tnil\""}

State.set('d20-byte-char.before', 1)
local s = ('a'):rep(90000)
while true do string.char(s:byte(1, -1)) end
State.set('d20-byte-char.after', 1)
