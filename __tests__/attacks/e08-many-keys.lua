-- mechanism: one table with millions of string keys: its hash part doubles
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e08-many-keys
-- after: {"id": "e08-many-keys", "code": "return State.get('e08-many-keys.before'), State.get('e08-many-keys.after')", "expect": "value \"1\\tnil\""}

State.set('e08-many-keys.before', 1)
local t = {} for i = 1, math.maxinteger do t["key" .. i] = i end
State.set('e08-many-keys.after', 1)
