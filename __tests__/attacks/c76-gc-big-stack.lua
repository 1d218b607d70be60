-- mechanism: a stack of 10^5 slots is traversed in the atomic phase of every cycle, and shrunk and grown again
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c76-gc-big-stack
-- after: {"id": "c76-gc-big-stack", "code": "return State.get('c76-gc-big-stack.before'), State.get('c76-gc-big-stack.after')", "expect": "value \"1\\tnil\""}

State.set('c76-gc-big-stack.before', 1)
local t = {}
for i = 1, 90000 do t[i] = {} end
local function f(...) while true do local g = {...} g = nil end end
f(table.unpack(t))
State.set('c76-gc-big-stack.after', 1)
