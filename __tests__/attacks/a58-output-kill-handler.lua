-- mechanism: handler, __close and outer coroutine around the output kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_OUTPUT
-- id: a58-output-kill-handler
-- after: {"id": "a58-output-kill-handler", "code": "return State.get('a58-output-kill-handler.before'), State.get('a58-output-kill-handler.after')", "expect": "value \"1\\tnil\""}

State.set('a58-output-kill-handler.before', 1)
xpcall(function()
  local x <close> = setmetatable({}, {__close = function() State.set('a58-output-kill-handler.after', 1) end})
  coroutine.resume(coroutine.create(function() io.write(('y'):rep(2 << 20)) State.set('a58-output-kill-handler.after', 1) end))
  State.set('a58-output-kill-handler.after', 1)
end, function() State.set('a58-output-kill-handler.after', 1) end)
State.set('a58-output-kill-handler.after', 1)
