-- mechanism: string.byte(s, 1, -1) pushes up to 10^6 values in one call
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b62-string-byte-range
-- after: {"id": "b62-string-byte-range", "code": "return State.get('b62-string-byte-range.before'), State.get('b62-string-byte-range.after')", "expect": "value \"1\\tnil\""}

State.set('b62-string-byte-range.before', 1)
local s = ('a'):rep(900000)
while true do pcall(string.byte, s, 1, -1) pcall(string.byte, ('a'):rep(5000000), 1, -1) end
State.set('b62-string-byte-range.after', 1)
