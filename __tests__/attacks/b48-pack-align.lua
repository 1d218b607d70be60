-- mechanism: string.packsize with millions of alignment options
-- options: {"timeout": 300, "memoryLimit": 134217728}
-- expect: ERR_LUA_TIMEOUT
-- id: b48-pack-align
-- after: {"id": "b48-pack-align", "code": "return State.get('b48-pack-align.before'), State.get('b48-pack-align.after')", "expect": "value \"1\\tnil\""}

State.set('b48-pack-align.before', 1)
local f = '!16' .. ('Xj'):rep(10000000)
while true do string.packsize(f) string.unpack(f, '') end
State.set('b48-pack-align.after', 1)
