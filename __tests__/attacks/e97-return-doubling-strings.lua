-- mechanism: the same as a result: 10 GB outside the Lua heap
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_OUTPUT

local s, t = ("x"):rep(1000000), {} for i = 1, 10000 do t[i] = s end return t
