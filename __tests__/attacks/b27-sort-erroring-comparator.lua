-- mechanism: comparators that throw, thousands of times
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b27-sort-erroring-comparator
-- after: {"id": "b27-sort-erroring-comparator", "code": "return State.get('b27-sort-erroring-comparator.before'), State.get('b27-sort-erroring-comparator.after')", "expect": "value \"1\\tnil\""}

State.set('b27-sort-erroring-comparator.before', 1)
local t = {} for i = 1, 1000 do t[i] = i end
while true do pcall(table.sort, t, error) pcall(table.sort, t, function(a) error(t) end) end
State.set('b27-sort-erroring-comparator.after', 1)
