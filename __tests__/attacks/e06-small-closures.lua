-- mechanism: millions of closures with their own upvalues
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e06-small-closures
-- after: {"id": "e06-small-closures", "code": "return State.get('e06-small-closures.before'), State.get('e06-small-closures.after')", "expect": "value \"1\\tnil\""}

State.set('e06-small-closures.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = function() return i end end
State.set('e06-small-closures.after', 1)
