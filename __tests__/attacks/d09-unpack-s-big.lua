-- mechanism: string.unpack of a 20 MB string with "z" walks it for the end each time
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d09-unpack-s-big
-- after: {"id": "d09-unpack-s-big", "code": "return State.get('d09-unpack-s-big.before'), State.get('d09-unpack-s-big.after')", "expect": "value \"1\\tnil\""}

State.set('d09-unpack-s-big.before', 1)
local s = ('a'):rep(20000000) .. '\0'
while true do string.unpack('z', s) end
State.set('d09-unpack-s-big.after', 1)
