-- mechanism: millions of distinct short strings
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e07-small-strings
-- after: {"id": "e07-small-strings", "code": "return State.get('e07-small-strings.before'), State.get('e07-small-strings.after')", "expect": "value \"1\\tnil\""}

State.set('e07-small-strings.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = "k" .. i end
State.set('e07-small-strings.after', 1)
