-- mechanism: gsub with a replacement table whose __index is a C function: a C loop that only calls C
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b53-gsub-table-c-index
-- after: {"id": "b53-gsub-table-c-index", "code": "return State.get('b53-gsub-table-c-index.before'), State.get('b53-gsub-table-c-index.after')", "expect": "value \"1\\tnil\""}

State.set('b53-gsub-table-c-index.before', 1)
local s = ('x'):rep(5000000)
local t = setmetatable({}, {__index = type})
while true do string.gsub(s, '', t) end
State.set('b53-gsub-table-c-index.after', 1)
