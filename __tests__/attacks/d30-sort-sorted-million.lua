-- mechanism: sort of 10^6 numbers with the default comparison: half a second in C
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d30-sort-sorted-million
-- after: {"id": "d30-sort-sorted-million", "code": "return State.get('d30-sort-sorted-million.before'), State.get('d30-sort-sorted-million.after')", "expect": "value \"1\\tnil\""}

State.set('d30-sort-sorted-million.before', 1)
local t = {} for i = 1, 1000000 do t[i] = -i end
while true do table.sort(t) for i = 1, 10 do t[i], t[1000000 - i] = t[1000000 - i], t[i] end end
State.set('d30-sort-sorted-million.after', 1)
