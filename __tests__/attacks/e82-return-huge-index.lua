-- mechanism: one element at 2^53 is no array of 2^53 elements
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return {[1 << 53] = 1}
