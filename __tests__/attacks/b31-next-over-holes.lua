-- mechanism: next over a table with 10^6 nil'd slots walks all of them in C at every call (quadratic)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b31-next-over-holes
-- after: {"id": "b31-next-over-holes", "code": "return State.get('b31-next-over-holes.before'), State.get('b31-next-over-holes.after')", "expect": "value \"1\\tnil\""}

State.set('b31-next-over-holes.before', 1)
local t = {}
for i = 1, 1e6 do t[i] = i end
for i = 1, 1e6 - 1 do t[i] = nil end
while true do next(t) end
State.set('b31-next-over-holes.after', 1)
