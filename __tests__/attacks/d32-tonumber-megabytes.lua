-- mechanism: tonumber of 10 MB of digits, hex, spaces and exponents
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d32-tonumber-megabytes
-- after: {"id": "d32-tonumber-megabytes", "code": "return State.get('d32-tonumber-megabytes.before'), State.get('d32-tonumber-megabytes.after')", "expect": "value \"1\\tnil\""}

State.set('d32-tonumber-megabytes.before', 1)
local a, b, c, d = ('9'):rep(10000000), '0x' .. ('f'):rep(10000000), (' '):rep(10000000) .. '1', '1e' .. ('9'):rep(10000000)
while true do tonumber(a) tonumber(b) tonumber(c) tonumber(d) end
State.set('d32-tonumber-megabytes.after', 1)
