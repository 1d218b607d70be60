-- mechanism: a million duplicates of one key
-- options: {"timeout": 300}
-- expect: value "2" | ERR_LUA_RUNTIME | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

return json.decode('{' .. ('"a":1,'):rep(1000000) .. '"a":2}').a
