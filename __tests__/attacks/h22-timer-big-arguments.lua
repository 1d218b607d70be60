-- mechanism: arguments of many megabytes, of many values, deep and wide, again and again
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY

local long, wide, deep = ('x'):rep(2000000), {}, {}
for i = 1, 100000 do wide[i] = i end
for i = 1, 120 do deep = { deep } end
while true do
  pcall(timer.at, 600, function() end, long)
  pcall(timer.at, 600, function() end, wide, wide, wide)
  pcall(timer.at, 600, function() end, deep, deep)
  pcall(timer.at, 600, function() end, table.unpack(wide, 1, 50000))
end
