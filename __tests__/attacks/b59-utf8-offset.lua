-- mechanism: utf8.offset and utf8.len over continuation bytes scan 20 MB per call
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b59-utf8-offset
-- after: {"id": "b59-utf8-offset", "code": "return State.get('b59-utf8-offset.before'), State.get('b59-utf8-offset.after')", "expect": "value \"1\\tnil\""}

State.set('b59-utf8-offset.before', 1)
local s = ('\x80'):rep(20000000)
while true do pcall(utf8.offset, s, 0, #s) pcall(utf8.offset, s, 1, #s + 1) pcall(utf8.offset, 'a' .. s, 2) end
State.set('b59-utf8-offset.after', 1)
