-- mechanism: warn joins as many strings as the stack holds, into as long a message as memory holds
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local t, s = {}, ('x'):rep(100)
for i = 1, 5e4 do t[i] = s end
while true do pcall(warn, table.unpack(t)) end
