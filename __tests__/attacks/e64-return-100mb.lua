-- mechanism: a 100 MB return value
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_RESULT | ERR_LUA_OUTPUT

return ("x"):rep(100000000)
