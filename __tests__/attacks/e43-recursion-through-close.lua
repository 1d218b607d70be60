-- mechanism: recursion through __close handlers
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e43-recursion-through-close
-- after: {"id": "e43-recursion-through-close", "code": "return State.get('e43-recursion-through-close.before'), State.get('e43-recursion-through-close.after')", "expect": "value \"1\\tnil\""}

State.set('e43-recursion-through-close.before', 1)
local mt = {}
mt.__close = function() local x <close> = setmetatable({}, mt) end
while true do pcall(function() local x <close> = setmetatable({}, mt) end) end
State.set('e43-recursion-through-close.after', 1)
