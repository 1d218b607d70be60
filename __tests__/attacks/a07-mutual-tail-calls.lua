-- mechanism: endless tail calls between two functions grow no stack and have no loop instruction
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a07-mutual-tail-calls
-- after: {"id": "a07-mutual-tail-calls", "code": "return State.get('a07-mutual-tail-calls.before'), State.get('a07-mutual-tail-calls.after')", "expect": "value \"1\\tnil\""}

State.set('a07-mutual-tail-calls.before', 1)
local f, g
function f() return g() end
function g() return f() end
f()
State.set('a07-mutual-tail-calls.after', 1)
