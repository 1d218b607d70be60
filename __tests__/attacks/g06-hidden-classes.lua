-- mechanism: objects of which each has keys of its own: V8 makes hidden classes for them
-- options: {"timeout": 2000}
-- values: {}
-- expect: ERR_LUA_RESULT | ERR_LUA_MEMORY

local t = {} for i = 1, 100000 do t[i] = { ["a" .. i] = 1, ["b" .. i] = 1, ["c" .. i] = 1 } end return t
