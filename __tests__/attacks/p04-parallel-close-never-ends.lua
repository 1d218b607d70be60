-- mechanism: functions that are closed, and do not end
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local function stay()
  local c <close> = setmetatable({}, { __close = function() while true do pcall(sleep, 0) end end })
  sleep(100)
end
pcall(parallel, stay, stay, function() error('no') end)
print('went on')
