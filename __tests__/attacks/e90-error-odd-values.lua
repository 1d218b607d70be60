-- mechanism: uncaught error values of every type
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error(coroutine.create(print))
