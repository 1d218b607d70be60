-- mechanism: an uncaught error message of 30 MB
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

error(("m"):rep(30000000))
