-- mechanism: a __gc added to a metatable after setmetatable must stay without effect, also at lua_close
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: a39-gc-added-later-loops
-- after: {"id": "a39-gc-added-later-loops", "code": "return State.get('a39-gc-added-later-loops.x', 'none')", "expect": "value \"none\""}

local mt = {}
local keep = {}
for i = 1, 1000 do keep[i] = setmetatable({}, mt) end
mt.__gc = function() State.set('a39-gc-added-later-loops.x', 1) while true do end end
for i = 1, 1000 do keep[i] = nil end
for i = 1, 1e5 do local t = {} end
for i = 1, 1000 do keep[i] = setmetatable({}, {__mode = 'k', __close = mt.__gc, __index = mt}) end
return 'contained' 
