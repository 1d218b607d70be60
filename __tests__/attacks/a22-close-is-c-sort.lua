-- mechanism: __close = table.sort and error(math.type): the error itself becomes the comparator of an endless C sort
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a22-close-is-c-sort
-- after: {"id": "a22-close-is-c-sort", "code": "return State.get('a22-close-is-c-sort.before'), State.get('a22-close-is-c-sort.after')", "expect": "value \"1\\tnil\""}

State.set('a22-close-is-c-sort.before', 1)
local t = setmetatable({}, {__close = table.sort, __len = function() return 2^31 - 2 end})
pcall(function() local x <close> = t error(math.type) end)
State.set('a22-close-is-c-sort.after', 1)
