-- mechanism: recursion through __pairs, and ipairs with a recursive __index
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e44-recursion-through-pairs
-- after: {"id": "e44-recursion-through-pairs", "code": "return State.get('e44-recursion-through-pairs.before'), State.get('e44-recursion-through-pairs.after')", "expect": "value \"1\\tnil\""}

State.set('e44-recursion-through-pairs.before', 1)
local t = setmetatable({}, {})
getmetatable(t).__pairs = pairs
getmetatable(t).__index = function(x, i) for _, v in ipairs(x) do end end
while true do pcall(pairs, t) pcall(function() for _ in ipairs(t) do end end) end
State.set('e44-recursion-through-pairs.after', 1)
