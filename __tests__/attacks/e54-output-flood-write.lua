-- mechanism: one io.write of 60 MB
-- options: {"timeout": 2000}
-- expect: ERR_LUA_OUTPUT | ERR_LUA_MEMORY

io.write(("x"):rep(30000000))
