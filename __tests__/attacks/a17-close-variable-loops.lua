-- mechanism: a <close> variable whose __close loops runs while the kill unwinds the stack
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a17-close-variable-loops
-- after: {"id": "a17-close-variable-loops", "code": "return State.get('a17-close-variable-loops.before'), State.get('a17-close-variable-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a17-close-variable-loops.before', 1)
local function f()
  local x <close> = setmetatable({}, {__close = function() State.set('a17-close-variable-loops.after', 1) while true do end end})
  while true do end
end
pcall(f)
State.set('a17-close-variable-loops.after', 1)
