-- mechanism: the error object's __tostring loops: the host that converts it would run script code after the kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a33-error-tostring-loops
-- after: {"id": "a33-error-tostring-loops", "code": "return State.get('a33-error-tostring-loops.before'), State.get('a33-error-tostring-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a33-error-tostring-loops.before', 1)
local e = setmetatable({}, {__tostring = function() State.set('a33-error-tostring-loops.after', 1) while true do end end})
pcall(function() while true do end end)
State.set('a33-error-tostring-loops.after', 1)
error(e)
