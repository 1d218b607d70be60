-- mechanism: __index, __newindex, __call, __concat, __len, __eq, __lt, __le, __unm as endless functions, each under pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a42-index-function-loops
-- after: {"id": "a42-index-function-loops", "code": "return State.get('a42-index-function-loops.before'), State.get('a42-index-function-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a42-index-function-loops.before', 1)
local function f() while true do end end
local mt = {__index = f, __newindex = f, __call = f, __concat = f, __len = f, __eq = f, __lt = f, __le = f, __unm = f, __add = f, __bnot = f, __idiv = f}
local a, b = setmetatable({}, mt), setmetatable({}, mt)
while true do
  pcall(function() return a.x end)
  pcall(function() a.x = 1 end)
  pcall(function() return a() end)
  pcall(function() return a .. b end)
  pcall(function() return #a end)
  pcall(function() return a == b end)
  pcall(function() return a < b end)
  State.set('a42-index-function-loops.after', 1)
end
