-- mechanism: the chain as a for iterator (OP_TFORCALL)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c29-call-chain-as-iterator
-- after: {"id": "c29-call-chain-as-iterator", "code": "return State.get('c29-call-chain-as-iterator.before'), State.get('c29-call-chain-as-iterator.after')", "expect": "value \"1\\tnil\""}

State.set('c29-call-chain-as-iterator.before', 1)
local t = {}
setmetatable(t, {__call = t})
while true do pcall(function() for _ in t do end end) end
State.set('c29-call-chain-as-iterator.after', 1)
