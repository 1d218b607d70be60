-- mechanism: a table nested 10^5 deep as result: recursion in the converter
-- options: {"timeout": 2000}
-- expect: ERR_LUA_RESULT

local t = {} for i = 1, 100000 do t = {t} end return t
