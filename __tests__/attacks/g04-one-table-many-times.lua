-- mechanism: one empty table in a million places, each a Map of its own
-- options: {"timeout": 2000}
-- values: {"tables": "map"}
-- expect: ERR_LUA_RESULT | ERR_LUA_MEMORY

local s, t = {}, {} for i = 1, 1000000 do t[i] = s end return t
