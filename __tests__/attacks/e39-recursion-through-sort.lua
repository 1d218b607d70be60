-- mechanism: recursion through sort comparators
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e39-recursion-through-sort
-- after: {"id": "e39-recursion-through-sort", "code": "return State.get('e39-recursion-through-sort.before'), State.get('e39-recursion-through-sort.after')", "expect": "value \"1\\tnil\""}

State.set('e39-recursion-through-sort.before', 1)
local function f() table.sort({1, 2, 3}, f) return false end
while true do pcall(f) end
State.set('e39-recursion-through-sort.after', 1)
