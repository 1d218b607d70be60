-- mechanism: error(nil), which Lua shows as "nil"
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error(nil)
