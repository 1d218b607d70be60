-- mechanism: json.encode or State.set on a table whose metamethods loop must be raw or stoppable
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a67-json-callback-loops
-- after: {"id": "a67-json-callback-loops", "code": "return State.get('a67-json-callback-loops.before'), State.get('a67-json-callback-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a67-json-callback-loops.before', 1)
local function f() while true do end end
local t = setmetatable({1, 2}, {__index = f, __pairs = f, __len = f})
while true do
  pcall(json.encode, t)
  pcall(State.set, 'a67-json-callback-loops.t', t)
end
State.set('a67-json-callback-loops.after', 1)
