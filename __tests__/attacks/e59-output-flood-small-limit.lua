-- mechanism: maxOutput of 1000 bytes, passed by one byte
-- options: {"timeout": 300, "maxOutput": 1000}
-- expect: ERR_LUA_OUTPUT

io.write(("x"):rep(1000)) io.write("y")
