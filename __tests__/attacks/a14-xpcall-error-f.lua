-- mechanism: xpcall(error, f): the handler runs inside the error of a C function
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a14-xpcall-error-f
-- after: {"id": "a14-xpcall-error-f", "code": "return State.get('a14-xpcall-error-f.before'), State.get('a14-xpcall-error-f.after')", "expect": "value \"1\\tnil\""}

State.set('a14-xpcall-error-f.before', 1)
local n = 0
while true do
  xpcall(error, function() n = n + 1 while n > 10 do end end)
end
State.set('a14-xpcall-error-f.after', 1)
