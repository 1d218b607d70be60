-- mechanism: tables with a metatable each, linked in chains
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e25-metatable-bomb
-- after: {"id": "e25-metatable-bomb", "code": "return State.get('e25-metatable-bomb.before'), State.get('e25-metatable-bomb.after')", "expect": "value \"1\\tnil\""}

State.set('e25-metatable-bomb.before', 1)
local t for i = 1, math.maxinteger do t = setmetatable({}, {__index = t, __mode = "k"}) end
State.set('e25-metatable-bomb.after', 1)
