-- mechanism: the chain as a __close handler and as an __index, __lt and __concat metamethod
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c30-call-chain-as-close
-- after: {"id": "c30-call-chain-as-close", "code": "return State.get('c30-call-chain-as-close.before'), State.get('c30-call-chain-as-close.after')", "expect": "value \"1\\tnil\""}

State.set('c30-call-chain-as-close.before', 1)
local t = {}
setmetatable(t, {__call = t})
local x = setmetatable({}, {__close = t, __index = function(...) return t(...) end, __lt = t, __concat = t, __len = t, __eq = t})
while true do
  pcall(function() local y <close> = x end)
  pcall(function() return x < x end)
  pcall(function() return x .. x end)
  pcall(function() return #x end)
end
State.set('c30-call-chain-as-close.after', 1)
