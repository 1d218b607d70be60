-- mechanism: endless recursion that nobody catches
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

local function f(n) return 1 + f(n + 1) end return f(1)
