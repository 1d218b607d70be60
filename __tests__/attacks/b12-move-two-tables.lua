-- mechanism: table.move into a second table with a C __newindex (rawset): metamethods that never run Lua
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b12-move-two-tables
-- after: {"id": "b12-move-two-tables", "code": "return State.get('b12-move-two-tables.before'), State.get('b12-move-two-tables.after')", "expect": "value \"1\\tnil\""}

State.set('b12-move-two-tables.before', 1)
local src = setmetatable({}, {__index = rawget})
local dst = setmetatable({}, {__newindex = rawset})
table.move(src, 1, 1 << 62, 1, dst)
State.set('b12-move-two-tables.after', 1)
