-- mechanism: a million results, and values that are nested and shared many times
-- options: {"timeout": 300}
-- scripts: {"many": "return table.unpack({}, 1, 900000)", "nested": "local t = { \"leaf\" } for _ = 1, 40 do t = { t, t } end return t"}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY

while true do pcall(function() return select("#", scripts.call("many")) end) pcall(scripts.call, "nested") end
