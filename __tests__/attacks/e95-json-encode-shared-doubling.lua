-- mechanism: json.encode of 2^60 nodes from 60 shared tables
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_RESULT

local t = {1} for i = 1, 60 do t = {t, t} end return #json.encode(t)
