-- mechanism: depth over 128 is refused, also by one
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

local t = {} for i = 1, 200 do t = {t} end return t
