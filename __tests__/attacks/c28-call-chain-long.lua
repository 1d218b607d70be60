-- mechanism: a __call chain of 2*10^5 different tables: one call inserts 2*10^5 arguments, each time shifting all
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c28-call-chain-long
-- after: {"id": "c28-call-chain-long", "code": "return State.get('c28-call-chain-long.before'), State.get('c28-call-chain-long.after')", "expect": "value \"1\\tnil\""}

State.set('c28-call-chain-long.before', 1)
local t = print
for i = 1, 200000 do t = setmetatable({}, {__call = t}) end
while true do pcall(t) end
State.set('c28-call-chain-long.after', 1)
