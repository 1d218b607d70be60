-- mechanism: empty prints: only the newlines count
-- options: {"timeout": 2000}
-- expect: ERR_LUA_OUTPUT

while true do print() end
