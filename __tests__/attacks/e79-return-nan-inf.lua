-- mechanism: NaN and infinities in tables are refused
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return {0/0, 1/0, -1/0}
