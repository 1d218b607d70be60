-- mechanism: a thread cannot cross
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return coroutine.create(print)
