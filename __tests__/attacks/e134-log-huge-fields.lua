-- mechanism: fields with a million keys, again and again, as long as they do not fit
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local wide, long = {}, ('x'):rep(1e6)
for i = 1, 2e5 do wide['k' .. i] = {} end
while true do pcall(log.info, long, wide) pcall(log.info, long, {long, long}) end
