-- mechanism: utf8.offset by 10^7 characters forth and back
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d12-utf8-offset-far
-- after: {"id": "d12-utf8-offset-far", "code": "return State.get('d12-utf8-offset-far.before'), State.get('d12-utf8-offset-far.after')", "expect": "value \"1\\tnil\""}

State.set('d12-utf8-offset-far.before', 1)
local s = ('aB'):rep(10000000)
while true do utf8.offset(s, 15000000) utf8.offset(s, -15000000) end
State.set('d12-utf8-offset-far.after', 1)
