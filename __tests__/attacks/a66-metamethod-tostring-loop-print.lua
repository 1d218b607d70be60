-- mechanism: print calls __tostring from C: a looping one under pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a66-metamethod-tostring-loop-print
-- after: {"id": "a66-metamethod-tostring-loop-print", "code": "return State.get('a66-metamethod-tostring-loop-print.before'), State.get('a66-metamethod-tostring-loop-print.after')", "expect": "value \"1\\tnil\""}

State.set('a66-metamethod-tostring-loop-print.before', 1)
local t = setmetatable({}, {__tostring = function() while true do end end})
while true do pcall(print, t) State.set('a66-metamethod-tostring-loop-print.after', 1) end
