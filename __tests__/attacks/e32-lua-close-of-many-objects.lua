-- mechanism: a kill with 256 MiB of small objects alive: freeing them all must not delay the settlement
-- options: {"timeout": 500, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e32-lua-close-of-many-objects
-- after: {"id": "e32-lua-close-of-many-objects", "code": "return State.get('e32-lua-close-of-many-objects.before'), State.get('e32-lua-close-of-many-objects.after')", "expect": "value \"1\\tnil\""}

State.set('e32-lua-close-of-many-objects.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = {} end
State.set('e32-lua-close-of-many-objects.after', 1)
