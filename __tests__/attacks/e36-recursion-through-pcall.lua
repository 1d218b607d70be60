-- mechanism: recursion through pcall to the C stack limit, in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e36-recursion-through-pcall
-- after: {"id": "e36-recursion-through-pcall", "code": "return State.get('e36-recursion-through-pcall.before'), State.get('e36-recursion-through-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('e36-recursion-through-pcall.before', 1)
local function f() local ok, e = pcall(f) error(e, 0) end
while true do pcall(f) end
State.set('e36-recursion-through-pcall.after', 1)
