-- mechanism: table.move of 10^6 elements
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d31-move-million
-- after: {"id": "d31-move-million", "code": "return State.get('d31-move-million.before'), State.get('d31-move-million.after')", "expect": "value \"1\\tnil\""}

State.set('d31-move-million.before', 1)
local t = {} for i = 1, 1000000 do t[i] = i end
while true do table.move(t, 1, 1000000, 2) end
State.set('d31-move-million.after', 1)
