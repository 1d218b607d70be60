-- mechanism: utf8.codepoint over a huge range: up to 10^6 results, or an error after a long scan
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b60-utf8-codepoint-range
-- after: {"id": "b60-utf8-codepoint-range", "code": "return State.get('b60-utf8-codepoint-range.before'), State.get('b60-utf8-codepoint-range.after')", "expect": "value \"1\\tnil\""}

State.set('b60-utf8-codepoint-range.before', 1)
local s = ('a'):rep(900000)
while true do pcall(utf8.codepoint, s, 1, -1) pcall(utf8.codepoint, s, 1, 200000) end
State.set('b60-utf8-codepoint-range.after', 1)
