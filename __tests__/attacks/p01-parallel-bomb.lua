-- mechanism: parallel that calls itself with itself
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local function bomb() return parallel(bomb, bomb, bomb) end
while true do pcall(bomb) end
