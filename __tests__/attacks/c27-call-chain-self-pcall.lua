-- mechanism: the same in a pcall loop, so that "stack overflow" does not end it
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c27-call-chain-self-pcall
-- after: {"id": "c27-call-chain-self-pcall", "code": "return State.get('c27-call-chain-self-pcall.before'), State.get('c27-call-chain-self-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('c27-call-chain-self-pcall.before', 1)
local t = {}
setmetatable(t, {__call = t})
while true do pcall(t)  end
