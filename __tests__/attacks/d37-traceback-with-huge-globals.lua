-- mechanism: the traceback of an uncaught error names functions by walking all globals once per level: seconds after the run has ended
-- options: {"timeout": 500, "memoryLimit": 268435456}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

for i = 1, 1000000 do _G[('g%d'):format(i)] = i end
local function deep(n) if n == 0 then error('x') end deep(n - 1) return n end
deep(100)
