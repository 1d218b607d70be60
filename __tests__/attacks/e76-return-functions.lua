-- mechanism: functions, threads and library tables cannot cross
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return _G
