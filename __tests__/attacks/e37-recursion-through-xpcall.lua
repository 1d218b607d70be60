-- mechanism: recursion through xpcall and its handler
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e37-recursion-through-xpcall
-- after: {"id": "e37-recursion-through-xpcall", "code": "return State.get('e37-recursion-through-xpcall.before'), State.get('e37-recursion-through-xpcall.after')", "expect": "value \"1\\tnil\""}

State.set('e37-recursion-through-xpcall.before', 1)
local function f() xpcall(f, f) end
while true do pcall(f) end
State.set('e37-recursion-through-xpcall.after', 1)
