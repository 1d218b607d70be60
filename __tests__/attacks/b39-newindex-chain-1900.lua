-- mechanism: __newindex chains of 1900 tables, from table.move
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b39-newindex-chain-1900
-- after: {"id": "b39-newindex-chain-1900", "code": "return State.get('b39-newindex-chain-1900.before'), State.get('b39-newindex-chain-1900.after')", "expect": "value \"1\\tnil\""}

State.set('b39-newindex-chain-1900.before', 1)
local t = {}
local base = t
for i = 1, 1900 do t = setmetatable({}, {__newindex = t}) end
table.move({}, 1, 1 << 40, 1, t)
State.set('b39-newindex-chain-1900.after', 1)
