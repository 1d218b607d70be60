-- mechanism: a __close that waits for ever while a coroutine is closed, below a message handler
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- after: {"id": "a70-kill-while-suspended-in-close", "code": "return State.get('before'), State.get('after')", "expect": "value \"1\\tnil\""}

State.set('before', 1)
local function forever() while true do pcall(sleep, 1) end end
local function guard() return setmetatable({}, { __close = forever }) end
xpcall(error, function()
  local co = coroutine.create(function() local a <close>, b = guard(), 1 coroutine.yield() end)
  coroutine.resume(co)
  coroutine.close(co)
end)
State.set('after', 1)
