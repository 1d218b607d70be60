-- mechanism: functions that sleep for ever, on a clock of their own
-- options: {"timeout": 300, "now": 0, "seed": 1}
-- expect: ERR_LUA_TIMEOUT

local function nap(s) return function() while true do pcall(sleep, s) end end end
local fs = {}
for i = 1, 998 do fs[i] = nap(i / 1000) end
fs[999], fs[1000] = nap(2147483), nap(0)
while true do pcall(parallel, table.unpack(fs)) end
