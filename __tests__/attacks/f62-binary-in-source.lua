-- mechanism: a source that contains the escape byte is text with a syntax error
-- options: {"timeout": 300}
-- expect: ERR_LUA_SYNTAX

return 1 Lua
