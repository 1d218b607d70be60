-- mechanism: shared references are no cycles: 2^60 nodes of JSON from 60 tables
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_OUTPUT

local t = {1} for i = 1, 60 do t = {t, t} end return t
