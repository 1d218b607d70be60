-- mechanism: long string keys that are equal: luaS_eqlngstr compares 20 MB for each lookup
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d15-compare-in-table-lookup
-- after: {"id": "d15-compare-in-table-lookup", "code": "return State.get('d15-compare-in-table-lookup.before'), State.get('d15-compare-in-table-lookup.after')", "expect": "value \"1\\tnil\""}

State.set('d15-compare-in-table-lookup.before', 1)
local a, b = ('a'):rep(20000000), ('a'):rep(19999999) .. 'a' local t = {[a] = 1}
while true do local x = t[b] end
State.set('d15-compare-in-table-lookup.after', 1)
