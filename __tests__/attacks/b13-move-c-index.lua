-- mechanism: __index and __newindex as C functions that return nothing useful (math.type, rawlen)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b13-move-c-index
-- after: {"id": "b13-move-c-index", "code": "return State.get('b13-move-c-index.before'), State.get('b13-move-c-index.after')", "expect": "value \"1\\tnil\""}

State.set('b13-move-c-index.before', 1)
local t = setmetatable({}, {__index = rawlen, __newindex = rawequal})
table.move(t, 1, 1 << 62, 1)
State.set('b13-move-c-index.after', 1)
