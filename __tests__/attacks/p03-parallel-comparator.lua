-- mechanism: parallel in a comparator, in a metamethod, in a handler
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local function wait() sleep(0.001) parallel(function() sleep(0) end, function() sleep(0.001) end) end
local t = setmetatable({}, { __index = wait, __close = wait })
while true do
  pcall(table.sort, { 3, 1, 2 }, function(a, b) parallel(wait, wait) return a < b end)
  pcall(parallel, function() return t.x end, function() local c <close> = t error('no') end)
  xpcall(error, function() parallel(wait, wait) end)
end
