-- mechanism: a refusal whose path has a long key, escaped, at each of 120 levels
-- options: {"timeout": 2000, "memoryLimit": 268435456}
-- expect: ERR_LUA_RESULT

local t = print for i = 1, 120 do t = { [("\0"):rep(200000)] = t } end return t
