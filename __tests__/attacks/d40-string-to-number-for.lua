-- mechanism: a numeric for over values from megabyte strings, and string arithmetic metamethods
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d40-string-to-number-for
-- after: {"id": "d40-string-to-number-for", "code": "return State.get('d40-string-to-number-for.before'), State.get('d40-string-to-number-for.after')", "expect": "value \"1\\tnil\""}

State.set('d40-string-to-number-for.before', 1)
local s = ('1'):rep(5000000)
while true do local x = s + s x = s * 2 x = -s x = s // 1 pcall(function() return s & 1 end) end
State.set('d40-string-to-number-for.after', 1)
