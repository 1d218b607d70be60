-- mechanism: an uncaught cyclic error value
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

local t = {} t.t = t t[1] = t error(t)
