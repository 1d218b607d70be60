-- mechanism: a cycle of 100 tables and one through a metatable-free sibling
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

local a = {} local t = a for i = 1, 100 do t.n = {} t = t.n end t.n = a return a
