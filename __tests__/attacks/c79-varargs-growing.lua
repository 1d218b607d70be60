-- mechanism: f(1, ...) in tail position: each call copies one more argument, quadratic until the stack ends
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c79-varargs-growing
-- after: {"id": "c79-varargs-growing", "code": "return State.get('c79-varargs-growing.before'), State.get('c79-varargs-growing.after')", "expect": "value \"1\\tnil\""}

State.set('c79-varargs-growing.before', 1)
local function f(...) return f(1, ...) end
while true do pcall(f) end
State.set('c79-varargs-growing.after', 1)
