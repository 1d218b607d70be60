-- mechanism: an endless loop in the main chunk's vararg function, through select
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a61-varargs-loop
-- after: {"id": "a61-varargs-loop", "code": "return State.get('a61-varargs-loop.before'), State.get('a61-varargs-loop.after')", "expect": "value \"1\\tnil\""}

State.set('a61-varargs-loop.before', 1)
local function f(...) while select('#', ...) >= 0 do end end
pcall(f, 1, 2, 3)
State.set('a61-varargs-loop.after', 1)
