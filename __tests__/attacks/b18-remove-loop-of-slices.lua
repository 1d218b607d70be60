-- mechanism: table.remove at the front of a 10^6 element array over and over, under pcall: each call some ms in C
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b18-remove-loop-of-slices
-- after: {"id": "b18-remove-loop-of-slices", "code": "return State.get('b18-remove-loop-of-slices.before'), State.get('b18-remove-loop-of-slices.after')", "expect": "value \"1\\tnil\""}

State.set('b18-remove-loop-of-slices.before', 1)
local t = {} for i = 1, 1e6 do t[i] = i end
while true do pcall(table.insert, t, 1, 1) pcall(table.remove, t, 1) end
State.set('b18-remove-loop-of-slices.after', 1)
