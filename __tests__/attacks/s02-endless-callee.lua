-- mechanism: a script that never ends and catches everything, under its caller's deadline
-- options: {"timeout": 300}
-- scripts: {"endless": "while true do pcall(function() while true do end end) end"}
-- expect: ERR_LUA_TIMEOUT

while true do pcall(scripts.call, "endless") end
