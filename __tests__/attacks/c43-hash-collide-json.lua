-- mechanism: json.decode of an object, or State values, must not be slower for chosen keys
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c43-hash-collide-json
-- after: {"id": "c43-hash-collide-json", "code": "return State.get('c43-hash-collide-json.before'), State.get('c43-hash-collide-json.after')", "expect": "value \"1\\tnil\""}

State.set('c43-hash-collide-json.before', 1)
local p = {}
for i = 1, 100000 do p[i] = ('"%d":1'):format(i * ((1 << 17) - 1)) end
local s = '{' .. table.concat(p, ',') .. '}'
while true do json.decode(s) end
State.set('c43-hash-collide-json.after', 1)
