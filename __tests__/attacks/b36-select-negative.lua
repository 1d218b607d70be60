-- mechanism: select with a negative index and huge varargs in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b36-select-negative
-- after: {"id": "b36-select-negative", "code": "return State.get('b36-select-negative.before'), State.get('b36-select-negative.after')", "expect": "value \"1\\tnil\""}

State.set('b36-select-negative.before', 1)
local t = {} for i = 1, 90000 do t[i] = i end
local function f(...) while true do local a = select(-1, ...) end end
f(table.unpack(t))
State.set('b36-select-negative.after', 1)
