-- mechanism: an uncaught error message that is not UTF-8, with NULs
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error("\xff\0\xfe")
