-- mechanism: an uncaught error value nested 10^5 deep
-- options: {"timeout": 2000}
-- expect: ERR_LUA_RUNTIME

local t = {} for i = 1, 100000 do t = {t} end error(t)
