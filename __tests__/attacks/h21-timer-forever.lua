-- mechanism: make timers in a loop without end, each refused
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

while true do timer.at(600, function() end) timer.every(600, function() end) end
