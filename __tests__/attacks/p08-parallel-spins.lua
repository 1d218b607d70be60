-- mechanism: functions that give up their turns for ever
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local function spin() while true do sleep(0) end end
local function nest(n) if n == 0 then spin() end parallel(spin, function() nest(n - 1) end) end
nest(50)
