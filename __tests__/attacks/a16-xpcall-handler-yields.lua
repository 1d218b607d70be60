-- mechanism: a handler that yields and one that resumes a looping coroutine
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a16-xpcall-handler-yields
-- after: {"id": "a16-xpcall-handler-yields", "code": "return State.get('a16-xpcall-handler-yields.before'), State.get('a16-xpcall-handler-yields.after')", "expect": "value \"1\\tnil\""}

State.set('a16-xpcall-handler-yields.before', 1)
local function loop() while true do end end
local co = coroutine.wrap(function()
  while true do
    xpcall(loop, function() State.set('a16-xpcall-handler-yields.after', 1) pcall(coroutine.yield) coroutine.wrap(loop)() end)
    State.set('a16-xpcall-handler-yields.after', 1)
  end
end)
while true do pcall(co) end
