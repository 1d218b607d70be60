-- mechanism: error(setmetatable({}, {__tostring=f})) inside pcall in a loop; tostring of it loops
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a37-string-coercion-in-error
-- after: {"id": "a37-string-coercion-in-error", "code": "return State.get('a37-string-coercion-in-error.before'), State.get('a37-string-coercion-in-error.after')", "expect": "value \"1\\tnil\""}

State.set('a37-string-coercion-in-error.before', 1)
local e = setmetatable({}, {__tostring = function() while true do end end})
while true do
  local ok, x = pcall(error, e)
  pcall(tostring, x)
  pcall(print, x)
  State.set('a37-string-coercion-in-error.after', 1)
end
