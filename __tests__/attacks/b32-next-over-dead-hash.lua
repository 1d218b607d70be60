-- mechanism: pairs restarted over a hash part of emptied keys
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b32-next-over-dead-hash
-- after: {"id": "b32-next-over-dead-hash", "code": "return State.get('b32-next-over-dead-hash.before'), State.get('b32-next-over-dead-hash.after')", "expect": "value \"1\\tnil\""}

State.set('b32-next-over-dead-hash.before', 1)
local t = {}
for i = 1, 100000 do t['k' .. i] = true end
for k in pairs(t) do t[k] = nil end
while true do for k in pairs(t) do end end
State.set('b32-next-over-dead-hash.after', 1)
