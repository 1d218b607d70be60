-- mechanism: __newindex = table.insert and __index = table.remove: C metamethods that recurse into themselves
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b41-metamethod-c-table-insert
-- after: {"id": "b41-metamethod-c-table-insert", "code": "return State.get('b41-metamethod-c-table-insert.before'), State.get('b41-metamethod-c-table-insert.after')", "expect": "value \"1\\tnil\""}

State.set('b41-metamethod-c-table-insert.before', 1)
local len = function() return 1 << 62 end
while true do
  pcall(function() local t = setmetatable({}, {__newindex = table.insert, __len = len}) t[1] = 1 end)
  pcall(function() local t = setmetatable({}, {__index = table.remove, __len = len}) return t[1] end)
end
State.set('b41-metamethod-c-table-insert.after', 1)
