-- mechanism: a sparse array must be refused without looping to its largest index
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return {[1] = 1, [math.maxinteger] = 2}
