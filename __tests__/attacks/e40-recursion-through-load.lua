-- mechanism: recursion through load readers
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e40-recursion-through-load
-- after: {"id": "e40-recursion-through-load", "code": "return State.get('e40-recursion-through-load.before'), State.get('e40-recursion-through-load.after')", "expect": "value \"1\\tnil\""}

State.set('e40-recursion-through-load.before', 1)
local function f() load(f) return nil end
while true do pcall(f) end
State.set('e40-recursion-through-load.after', 1)
