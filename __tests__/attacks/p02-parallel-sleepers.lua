-- mechanism: as many sleepers as may be, in nested calls
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local function nap() while true do pcall(sleep, 100) end end
local groups = {}
for g = 1, 9 do
  groups[g] = function()
    local fs = {}
    for i = 1, 110 do fs[i] = nap end
    parallel(table.unpack(fs))
  end
end
while true do pcall(parallel, table.unpack(groups)) end
