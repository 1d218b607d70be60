-- mechanism: a function with megabytes of constants, again and again
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY

local code = {}
for i = 1, 20000 do code[i] = ('local x = "%s%d"'):format(('y'):rep(60), i) end
for i = 1, #code do code[i] = 'do ' .. code[i] .. ' end' end
local f = assert(load(table.concat(code, '\n')))
while true do pcall(timer.at, 600, f) end
