-- mechanism: string.pack("c…"), "s" and "z" of 20 MB
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d08-pack-c-big
-- after: {"id": "d08-pack-c-big", "code": "return State.get('d08-pack-c-big.before'), State.get('d08-pack-c-big.after')", "expect": "value \"1\\tnil\""}

State.set('d08-pack-c-big.before', 1)
local s = ('aB'):rep(10000000)
while true do string.pack('c20000000', s) string.pack('s', s) string.pack('z', s) end
State.set('d08-pack-c-big.after', 1)
