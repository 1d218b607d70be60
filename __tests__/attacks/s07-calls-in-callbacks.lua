-- mechanism: calls in callbacks of C functions, coroutines and close variables, by a script that is stopped
-- options: {"timeout": 300}
-- scripts: {"endless": "while true do end"}
-- expect: ERR_LUA_TIMEOUT

local function call() pcall(scripts.call, "endless") end
local guard <close> = setmetatable({}, { __close = call })
coroutine.wrap(function() table.sort({ 3, 2, 1 }, function(a, b) call() return a < b end) end)()
