-- mechanism: the chain as an xpcall handler: it runs inside luaG_errormsg
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c31-call-chain-as-handler
-- after: {"id": "c31-call-chain-as-handler", "code": "return State.get('c31-call-chain-as-handler.before'), State.get('c31-call-chain-as-handler.after')", "expect": "value \"1\\tnil\""}

State.set('c31-call-chain-as-handler.before', 1)
local t = {}
setmetatable(t, {__call = t})
local function h() return t() end
while true do xpcall(error, h) end
State.set('c31-call-chain-as-handler.after', 1)
