-- mechanism: scripts that throw huge and odd values, which their caller keeps
-- options: {"timeout": 300}
-- scripts: {"huge": "local t = {} for i = 1, 40000 do t[i] = \"v\" .. i end print((\"x\"):rep(500000)) error(t)", "text": "error((\"m\"):rep(20000000))", "odd": "error(setmetatable({}, { __tostring = function() while true do end end }))"}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY

local kept = {} while true do for _, name in ipairs { "huge", "text", "odd" } do kept[#kept + 1] = select(2, pcall(scripts.call, name)) end end
