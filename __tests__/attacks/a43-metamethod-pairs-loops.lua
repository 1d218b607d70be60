-- mechanism: __pairs that loops, from a C function (pairs) under pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a43-metamethod-pairs-loops
-- after: {"id": "a43-metamethod-pairs-loops", "code": "return State.get('a43-metamethod-pairs-loops.before'), State.get('a43-metamethod-pairs-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a43-metamethod-pairs-loops.before', 1)
local t = setmetatable({}, {__pairs = function() while true do end end})
while true do pcall(pairs, t) State.set('a43-metamethod-pairs-loops.after', 1) end
