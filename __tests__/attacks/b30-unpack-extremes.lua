-- mechanism: table.unpack at the ends of the integer range: overflow of n = e - i + 1
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b30-unpack-extremes
-- after: {"id": "b30-unpack-extremes", "code": "return State.get('b30-unpack-extremes.before'), State.get('b30-unpack-extremes.after')", "expect": "value \"1\\tnil\""}

State.set('b30-unpack-extremes.before', 1)
local t = {}
local function ok(...) return pcall(table.unpack, t, ...) end
ok(math.mininteger, math.maxinteger)
ok(0, math.maxinteger)
ok(1, 100000000)
ok(math.maxinteger, math.maxinteger)
ok(math.mininteger, math.mininteger + 10)
while true do ok(math.maxinteger - 1, math.maxinteger) ok(1, 1 << 24) end
State.set('b30-unpack-extremes.after', 1)
