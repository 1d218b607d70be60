-- mechanism: one array that doubles to the limit
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e09-big-array
-- after: {"id": "e09-big-array", "code": "return State.get('e09-big-array.before'), State.get('e09-big-array.after')", "expect": "value \"1\\tnil\""}

State.set('e09-big-array.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = i end
State.set('e09-big-array.after', 1)
