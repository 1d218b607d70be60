-- mechanism: calls with 10^6 arguments: "too many results to unpack" and stack overflow, all as errors
-- options: {"timeout": 300}
-- expect: value "contained" | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

local n = 0
local t = {}
for _, c in ipairs{999990, 1000001, 10000000, math.maxinteger - 1} do
  if not pcall(table.unpack, t, 1, c) then n = n + 1 end
  if not pcall(select, '#', pcall(table.unpack, t, 1, c)) then n = n + 0 end
end
return n >= 3 and 'contained' or 'unpacked ' .. n
