-- mechanism: a weak table as a cache of strings: strings are never removed from weak tables
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e26-weak-cache-bomb
-- after: {"id": "e26-weak-cache-bomb", "code": "return State.get('e26-weak-cache-bomb.before'), State.get('e26-weak-cache-bomb.after')", "expect": "value \"1\\tnil\""}

State.set('e26-weak-cache-bomb.before', 1)
local t = setmetatable({}, {__mode = "kv"}) for i = 1, math.maxinteger do t[i] = "string number " .. i end
State.set('e26-weak-cache-bomb.after', 1)
