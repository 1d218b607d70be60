-- mechanism: very cheap C calls around the poll: rawset, rawget, next on a small table
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d49-setmetatable-getmetatable-loop
-- after: {"id": "d49-setmetatable-getmetatable-loop", "code": "return State.get('d49-setmetatable-getmetatable-loop.before'), State.get('d49-setmetatable-getmetatable-loop.after')", "expect": "value \"1\\tnil\""}

State.set('d49-setmetatable-getmetatable-loop.before', 1)
local t = {1, 2, 3}
while true do rawset(t, 1, 2) rawget(t, 1) next(t) setmetatable(t, nil) getmetatable(t) end
State.set('d49-setmetatable-getmetatable-loop.after', 1)
