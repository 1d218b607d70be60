-- mechanism: coroutine.close on a suspended coroutine runs its __close on a thread whose hooks may be off
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a23-coroutine-close-after-kill
-- after: {"id": "a23-coroutine-close-after-kill", "code": "return State.get('a23-coroutine-close-after-kill.before'), State.get('a23-coroutine-close-after-kill.after')", "expect": "value \"1\\tnil\""}

State.set('a23-coroutine-close-after-kill.before', 1)
local function loop() while true do end end
local co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function() loop() end})
  coroutine.yield()
end)
coroutine.resume(co)
coroutine.close(co)
State.set('a23-coroutine-close-after-kill.after', 1)
