-- mechanism: xpcall handler, __close and coroutine around the memory kill
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY
-- id: a55-memory-kill-handler
-- after: {"id": "a55-memory-kill-handler", "code": "return State.get('a55-memory-kill-handler.before'), State.get('a55-memory-kill-handler.after')", "expect": "value \"1\\tnil\""}

State.set('a55-memory-kill-handler.before', 1)
local function hog() local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end end
xpcall(function()
  local x <close> = setmetatable({}, {__close = function() State.set('a55-memory-kill-handler.after', 1) end})
  coroutine.wrap(function()
    local y <close> = setmetatable({}, {__close = function() State.set('a55-memory-kill-handler.after', 1) end})
    hog()
  end)()
end, function() State.set('a55-memory-kill-handler.after', 1) end)
State.set('a55-memory-kill-handler.after', 1)
