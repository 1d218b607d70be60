-- mechanism: select("#", …) copies 9*10^4 values at every call
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b37-select-count
-- after: {"id": "b37-select-count", "code": "return State.get('b37-select-count.before'), State.get('b37-select-count.after')", "expect": "value \"1\\tnil\""}

State.set('b37-select-count.before', 1)
local t = {} for i = 1, 90000 do t[i] = i end
while true do select('#', table.unpack(t)) end
State.set('b37-select-count.after', 1)
