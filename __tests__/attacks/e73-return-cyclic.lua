-- mechanism: a cyclic table as result
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

local t = {} t.t = t return t
