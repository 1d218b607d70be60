-- mechanism: # on a table whose array is followed by a hash part of powers of two, filled by table.insert
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b34-len-unbound
-- after: {"id": "b34-len-unbound", "code": "return State.get('b34-len-unbound.before'), State.get('b34-len-unbound.after')", "expect": "value \"1\\tnil\""}

State.set('b34-len-unbound.before', 1)
local t = {}
for i = 0, 62 do t[1 << i] = i end
while true do t[#t + 1] = 1 t[#t] = nil end
State.set('b34-len-unbound.after', 1)
