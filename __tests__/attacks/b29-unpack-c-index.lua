-- mechanism: table.unpack of 9*10^5 values from a C __index in a loop: 100 ms of C per instruction
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b29-unpack-c-index
-- after: {"id": "b29-unpack-c-index", "code": "return State.get('b29-unpack-c-index.before'), State.get('b29-unpack-c-index.after')", "expect": "value \"1\\tnil\""}

State.set('b29-unpack-c-index.before', 1)
local t = setmetatable({}, {__index = type})
while true do pcall(table.unpack, t, 1, 900000) end
State.set('b29-unpack-c-index.after', 1)
