-- mechanism: millions of small tables
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e05-small-tables
-- after: {"id": "e05-small-tables", "code": "return State.get('e05-small-tables.before'), State.get('e05-small-tables.after')", "expect": "value \"1\\tnil\""}

State.set('e05-small-tables.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = {} end
State.set('e05-small-tables.after', 1)
