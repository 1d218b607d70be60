-- mechanism: constants and to-be-closed variables cannot be assigned: a compile error
-- options: {"timeout": 300}
-- expect: ERR_LUA_SYNTAX

local x <const> = 1
x = 2
