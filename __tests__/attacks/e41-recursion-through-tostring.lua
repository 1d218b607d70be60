-- mechanism: recursion through __tostring, print and string.format("%s")
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e41-recursion-through-tostring
-- after: {"id": "e41-recursion-through-tostring", "code": "return State.get('e41-recursion-through-tostring.before'), State.get('e41-recursion-through-tostring.after')", "expect": "value \"1\\tnil\""}

State.set('e41-recursion-through-tostring.before', 1)
local t = setmetatable({}, {})
local mt = getmetatable(t)
while true do
  mt.__tostring = tostring pcall(tostring, t)
  mt.__tostring = function(x) return tostring(x) end pcall(tostring, t)
  mt.__tostring = function(x) return string.format('%s', x) end pcall(tostring, t)
  mt.__tostring = print pcall(print, t)
end
State.set('e41-recursion-through-tostring.after', 1)
