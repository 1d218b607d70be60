-- mechanism: __lt = table.concat: a comparison starts a C loop over a huge __len
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b21-concat-lt-metamethod
-- after: {"id": "b21-concat-lt-metamethod", "code": "return State.get('b21-concat-lt-metamethod.before'), State.get('b21-concat-lt-metamethod.after')", "expect": "value \"1\\tnil\""}

State.set('b21-concat-lt-metamethod.before', 1)
local t = setmetatable({}, {__lt = table.concat, __index = type, __len = function() return math.maxinteger end})
pcall(function() return t < '' end)
State.set('b21-concat-lt-metamethod.after', 1)
