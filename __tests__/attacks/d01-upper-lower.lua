-- mechanism: upper and lower of 20 MB: tens of ms in one instruction, repeated
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d01-upper-lower
-- after: {"id": "d01-upper-lower", "code": "return State.get('d01-upper-lower.before'), State.get('d01-upper-lower.after')", "expect": "value \"1\\tnil\""}

State.set('d01-upper-lower.before', 1)
local s = ('aB'):rep(10000000)
while true do s:upper() s:lower() end
State.set('d01-upper-lower.after', 1)
