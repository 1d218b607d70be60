-- mechanism: strings that are not UTF-8 inside a table are refused, keys too
-- options: {"timeout": 300}
-- expect: ERR_LUA_RESULT

return {["\xff"] = "\xfe"}
