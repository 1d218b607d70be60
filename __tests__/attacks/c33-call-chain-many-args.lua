-- mechanism: a __call chain in a call with 10^5 arguments: every step shifts all of them
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c33-call-chain-many-args
-- after: {"id": "c33-call-chain-many-args", "code": "return State.get('c33-call-chain-many-args.before'), State.get('c33-call-chain-many-args.after')", "expect": "value \"1\\tnil\""}

State.set('c33-call-chain-many-args.before', 1)
local t, args = function() end, {}
for i = 1, 100000 do t = setmetatable({}, {__call = t}) args[i] = i end
while true do pcall(t, table.unpack(args)) end
State.set('c33-call-chain-many-args.after', 1)
