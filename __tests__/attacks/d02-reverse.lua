-- mechanism: reverse of 20 MB, repeated
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d02-reverse
-- after: {"id": "d02-reverse", "code": "return State.get('d02-reverse.before'), State.get('d02-reverse.after')", "expect": "value \"1\\tnil\""}

State.set('d02-reverse.before', 1)
local s = ('aB'):rep(10000000)
while true do s:reverse() end
State.set('d02-reverse.after', 1)
