-- mechanism: a result with looping metamethods
-- options: {"timeout": 300}
-- expect: value "[1,2]" | ERR_LUA_TIMEOUT | ERR_LUA_RESULT

local function f() while true do end end return setmetatable({1, 2}, {__index = f, __pairs = f, __len = f, __tostring = f, __name = f})
