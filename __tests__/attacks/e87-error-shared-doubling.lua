-- mechanism: an uncaught error value of 2^60 nodes: the conversion for luaValue must not hang
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

local t = {1} for i = 1, 60 do t = {t, t} end error(t)
