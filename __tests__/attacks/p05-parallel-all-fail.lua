-- mechanism: errors in all functions, and in all that closes them
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local function fails()
  local c <close> = setmetatable({}, { __close = function() error('closing') end })
  pcall(parallel, fails == nil, nil)
  sleep(0)
  error(setmetatable({}, { __tostring = function() error('again') end }))
end
local fs = {}
for i = 1, 500 do fs[i] = fails end
while true do pcall(parallel, table.unpack(fs)) end
