-- mechanism: objects nested 10^5 deep as result
-- options: {"timeout": 2000}
-- expect: ERR_LUA_RESULT

local t = {} for i = 1, 100000 do t = {a = t} end return t
