-- mechanism: bytecode where a timer takes names and functions
-- options: {"timeout": 300}
-- expect: value "true\ttrue\ttrue\ttrue"

local function refused(f) local ok, e = pcall(timer.at, 0, f) return not ok and e.code == 'ERR_LUA_RUNTIME' end
return refused('\27Lua' .. ('\255'):rep(20)), refused(('\27Lua'):rep(100)), refused(load('\27Lua')), string.dump == nil
