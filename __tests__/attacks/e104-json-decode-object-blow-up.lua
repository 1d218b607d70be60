-- mechanism: objects of many small objects
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

return #json.decode('[' .. ('{"a":{}},'):rep(2000000) .. '{}]')
