-- mechanism: mixed keys are refused
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return {1, 2, x = 3}
