-- mechanism: results and functions without end
-- options: {"timeout": 2000, "memoryLimit": 8388608}
-- expect: ERR_LUA_MEMORY

local function hoard()
  local s = {}
  for i = 1, 1000 do s[i] = function() local t = {} for j = 1, 1000 do t[j] = j end sleep(0) return t end end
  return { parallel(table.unpack(s)) }
end
while true do pcall(hoard) end
