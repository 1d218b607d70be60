-- mechanism: coroutine.wrap closes a coroutine that died of the kill: its <close> variable would run
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a24-wrap-close-on-error
-- after: {"id": "a24-wrap-close-on-error", "code": "return State.get('a24-wrap-close-on-error.before'), State.get('a24-wrap-close-on-error.after')", "expect": "value \"1\\tnil\""}

State.set('a24-wrap-close-on-error.before', 1)
local f = coroutine.wrap(function()
  local x <close> = setmetatable({}, {__close = function() State.set('a24-wrap-close-on-error.after', 1) while true do end end})
  while true do end
end)
pcall(f)
State.set('a24-wrap-close-on-error.after', 1)
while true do end
