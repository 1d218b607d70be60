-- mechanism: utf8.char and string.char with 9*10^4 arguments, thousands of times
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b42-utf8-char-many
-- after: {"id": "b42-utf8-char-many", "code": "return State.get('b42-utf8-char-many.before'), State.get('b42-utf8-char-many.after')", "expect": "value \"1\\tnil\""}

State.set('b42-utf8-char-many.before', 1)
local t = {} for i = 1, 90000 do t[i] = 65 end
while true do utf8.char(table.unpack(t)) string.char(table.unpack(t)) end
State.set('b42-utf8-char-many.after', 1)
