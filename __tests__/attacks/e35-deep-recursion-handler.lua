-- mechanism: a handler that recurses when the stack has already overflowed (error in error handling)
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e35-deep-recursion-handler
-- after: {"id": "e35-deep-recursion-handler", "code": "return State.get('e35-deep-recursion-handler.before'), State.get('e35-deep-recursion-handler.after')", "expect": "value \"1\\tnil\""}

State.set('e35-deep-recursion-handler.before', 1)
local function f() return 1 + f() end
while true do
  xpcall(f, function(m) return f() end)
  xpcall(f, f)
  xpcall(f, function(m) return m .. tostring({}) end)
end
State.set('e35-deep-recursion-handler.after', 1)
