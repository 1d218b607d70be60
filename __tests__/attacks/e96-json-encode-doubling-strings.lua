-- mechanism: json.encode of 10^4 references to one 1 MB string: 10 GB from 1 MB
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_RESULT

local s, t = ("x"):rep(1000000), {} for i = 1, 10000 do t[i] = s end return #json.encode(t)
