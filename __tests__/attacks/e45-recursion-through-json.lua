-- mechanism: json.encode and State.set called from metamethods and callbacks, nested to the C limit
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e45-recursion-through-json
-- after: {"id": "e45-recursion-through-json", "code": "return State.get('e45-recursion-through-json.before'), State.get('e45-recursion-through-json.after')", "expect": "value \"1\\tnil\""}

State.set('e45-recursion-through-json.before', 1)
local function f() return (string.gsub('x', 'x', function() json.encode({1}) State.set('e45-recursion-through-json.v', 1) return f() end)) end
while true do pcall(f) end
State.set('e45-recursion-through-json.after', 1)
