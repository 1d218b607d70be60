-- mechanism: table.sort of a real table whose # is about 2^31 with a C comparator
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_RUNTIME
-- id: b23-sort-c-comparator-real
-- after: {"id": "b23-sort-c-comparator-real", "code": "return State.get('b23-sort-c-comparator-real.before'), State.get('b23-sort-c-comparator-real.after')", "expect": "value \"1\\tnil\""}

State.set('b23-sort-c-comparator-real.before', 1)
local big = {} for i = 30, 0, -1 do big[1 << i] = 1 end
table.sort(big, math.type)
State.set('b23-sort-c-comparator-real.after', 1)
