-- mechanism: table.concat of 10^6 strings
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d28-table-concat-big
-- after: {"id": "d28-table-concat-big", "code": "return State.get('d28-table-concat-big.before'), State.get('d28-table-concat-big.after')", "expect": "value \"1\\tnil\""}

State.set('d28-table-concat-big.before', 1)
local t = {} for i = 1, 1000000 do t[i] = 'abc' end
while true do table.concat(t, ',') end
State.set('d28-table-concat-big.after', 1)
