-- mechanism: a function as uncaught error value
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error(print)
