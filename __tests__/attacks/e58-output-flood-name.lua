-- mechanism: print of a table with a megabyte __name
-- options: {"timeout": 300}
-- expect: ERR_LUA_OUTPUT

local t = setmetatable({}, {__name = ("n"):rep(2000000)}) for i = 1, 100 do print(t) end
