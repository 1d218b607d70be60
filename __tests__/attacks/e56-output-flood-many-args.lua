-- mechanism: print and io.write with 10^5 arguments
-- options: {"timeout": 2000}
-- expect: ERR_LUA_OUTPUT

local t = {} for i = 1, 100000 do t[i] = i end while true do print(table.unpack(t)) io.write(table.unpack(t)) end
