-- mechanism: the chain as __tostring, __pairs and __tostring of an error object, called from C
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c32-call-chain-tostring
-- after: {"id": "c32-call-chain-tostring", "code": "return State.get('c32-call-chain-tostring.before'), State.get('c32-call-chain-tostring.after')", "expect": "value \"1\\tnil\""}

State.set('c32-call-chain-tostring.before', 1)
local t = {}
setmetatable(t, {__call = t})
local x = setmetatable({}, {__tostring = t, __pairs = t})
while true do pcall(tostring, x) pcall(pairs, x) pcall(print, x) end
State.set('c32-call-chain-tostring.after', 1)
