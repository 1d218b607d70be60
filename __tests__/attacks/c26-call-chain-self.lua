-- mechanism: setmetatable(t, {__call = t}) t(): one instruction grows the stack by one and shifts it each round, n^2
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_TIMEOUT
-- id: c26-call-chain-self
-- after: {"id": "c26-call-chain-self", "code": "return State.get('c26-call-chain-self.before'), State.get('c26-call-chain-self.after')", "expect": "value \"1\\tnil\""}

State.set('c26-call-chain-self.before', 1)
local t = {}
setmetatable(t, {__call = t})
t()
State.set('c26-call-chain-self.after', 1)
