-- mechanism: colliding keys in one table constructor compiled by load
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c40-hash-collide-constructor
-- after: {"id": "c40-hash-collide-constructor", "code": "return State.get('c40-hash-collide-constructor.before'), State.get('c40-hash-collide-constructor.after')", "expect": "value \"1\\tnil\""}

State.set('c40-hash-collide-constructor.before', 1)
local src = {}
for k = 1, 40000 do src[k] = ('[%a]=1'):format(1 + k * 2.0^-52) end
local s = 'return {' .. table.concat(src, ',') .. '}'
while true do pcall(load(s)) end
State.set('c40-hash-collide-constructor.after', 1)
