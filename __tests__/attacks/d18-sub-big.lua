-- mechanism: sub, rep and gsub copies of 20 MB
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d18-sub-big
-- after: {"id": "d18-sub-big", "code": "return State.get('d18-sub-big.before'), State.get('d18-sub-big.after')", "expect": "value \"1\\tnil\""}

State.set('d18-sub-big.before', 1)
local s = ('aB'):rep(10000000)
while true do s:sub(2) s:sub(-19999999) s:rep(1) end
State.set('d18-sub-big.after', 1)
