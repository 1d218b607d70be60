-- mechanism: recursion through __index, __newindex, __concat, __eq, __lt, __len, __call, __unm functions
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e42-recursion-through-index
-- after: {"id": "e42-recursion-through-index", "code": "return State.get('e42-recursion-through-index.before'), State.get('e42-recursion-through-index.after')", "expect": "value \"1\\tnil\""}

State.set('e42-recursion-through-index.before', 1)
local mt = {}
local a, b = setmetatable({}, mt), setmetatable({}, mt)
mt.__index = function(t, k) return t[k .. 'x'] end
mt.__newindex = function(t, k, v) t[k] = v end
mt.__concat = function(x, y) return x .. y end
mt.__eq = function(x, y) return x == y end
mt.__lt = function(x, y) return x < y end
mt.__len = function(x) return #x end
mt.__unm = function(x) return -x end
mt.__call = function(x) return 1 + x() end
while true do
  pcall(function() return a.x end) pcall(function() a.x = 1 end) pcall(function() return a .. b end)
  pcall(function() return a == b end) pcall(function() return a < b end) pcall(function() return #a end)
  pcall(function() return -a end) pcall(function() return a() end)
end
State.set('e42-recursion-through-index.after', 1)
