-- mechanism: __index chains of 1900 tables: one instruction walks them all, inside table.move without any instruction
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b38-index-chain-1900
-- after: {"id": "b38-index-chain-1900", "code": "return State.get('b38-index-chain-1900.before'), State.get('b38-index-chain-1900.after')", "expect": "value \"1\\tnil\""}

State.set('b38-index-chain-1900.before', 1)
local t = {}
for i = 1, 1900 do t = setmetatable({}, {__index = t}) end
table.move(t, 1, 1 << 40, 1, {})
State.set('b38-index-chain-1900.after', 1)
