-- mechanism: math.max and math.min over 9*10^4 arguments in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b43-math-max-many
-- after: {"id": "b43-math-max-many", "code": "return State.get('b43-math-max-many.before'), State.get('b43-math-max-many.after')", "expect": "value \"1\\tnil\""}

State.set('b43-math-max-many.before', 1)
local t = {} for i = 1, 90000 do t[i] = i end
while true do math.max(table.unpack(t)) math.min(table.unpack(t)) end
State.set('b43-math-max-many.after', 1)
