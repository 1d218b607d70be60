-- mechanism: table.concat with a 1 MB separator
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d29-table-concat-separator
-- after: {"id": "d29-table-concat-separator", "code": "return State.get('d29-table-concat-separator.before'), State.get('d29-table-concat-separator.after')", "expect": "value \"1\\tnil\""}

State.set('d29-table-concat-separator.before', 1)
local t, sep = {}, ('s'):rep(1000000) for i = 1, 30 do t[i] = 'x' end
while true do table.concat(t, sep) end
State.set('d29-table-concat-separator.after', 1)
