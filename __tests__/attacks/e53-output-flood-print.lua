-- mechanism: print in a loop fills any buffer
-- options: {"timeout": 300}
-- expect: ERR_LUA_OUTPUT

while true do print(("x"):rep(100)) end
