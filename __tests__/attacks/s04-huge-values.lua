-- mechanism: arguments and results of many MB, passed on from script to script
-- options: {"timeout": 300}
-- scripts: {"same": "local n, value = ... if n > 0 then return scripts.call(\"same\", n - 1, value) end return value"}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY

local big = ("x"):rep(1000000) while true do pcall(scripts.call, "same", 5, { big, big }) end
