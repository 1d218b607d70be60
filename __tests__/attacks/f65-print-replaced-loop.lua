-- mechanism: print, io.write and tostring replaced by loops: the host must not call script globals after the run
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: f65-print-replaced-loop
-- after: {"id": "f65-print-replaced-loop", "code": "return State.get('f65-print-replaced-loop.before'), State.get('f65-print-replaced-loop.after')", "expect": "value \"1\\tnil\""}

State.set('f65-print-replaced-loop.before', 1)
local function f() while true do end end
_G.print, _G.tostring, _G.error, _G.pcall2 = f, f, f, f
io.write = f
string.format = f
table.concat = f
pcall(print)
State.set('f65-print-replaced-loop.after', 1)
