-- mechanism: the traceback of an error 10^5 levels deep must be short and quick
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

local function deep(n) if n == 0 then error('deep') end deep(n - 1) return n end
deep(100000)
