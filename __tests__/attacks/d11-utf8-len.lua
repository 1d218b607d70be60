-- mechanism: utf8.len of 20 MB
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d11-utf8-len
-- after: {"id": "d11-utf8-len", "code": "return State.get('d11-utf8-len.before'), State.get('d11-utf8-len.after')", "expect": "value \"1\\tnil\""}

State.set('d11-utf8-len.before', 1)
local s = ('aB'):rep(10000000)
while true do utf8.len(s) utf8.len(s, 1, -1, true) end
State.set('d11-utf8-len.after', 1)
