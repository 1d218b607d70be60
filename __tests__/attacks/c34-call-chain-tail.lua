-- mechanism: the chain in tail position (luaD_pretailcall has its own loop)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c34-call-chain-tail
-- after: {"id": "c34-call-chain-tail", "code": "return State.get('c34-call-chain-tail.before'), State.get('c34-call-chain-tail.after')", "expect": "value \"1\\tnil\""}

State.set('c34-call-chain-tail.before', 1)
local t = {}
setmetatable(t, {__call = t})
while true do pcall(function() return t() end) end
State.set('c34-call-chain-tail.after', 1)
