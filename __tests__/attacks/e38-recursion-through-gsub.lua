-- mechanism: recursion through gsub callbacks
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e38-recursion-through-gsub
-- after: {"id": "e38-recursion-through-gsub", "code": "return State.get('e38-recursion-through-gsub.before'), State.get('e38-recursion-through-gsub.after')", "expect": "value \"1\\tnil\""}

State.set('e38-recursion-through-gsub.before', 1)
local function f() return (string.gsub('x', 'x', f)) end
while true do pcall(f) end
State.set('e38-recursion-through-gsub.after', 1)
