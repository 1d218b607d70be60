-- mechanism: __close runs a C loop while an error unwinds
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b06-move-in-close
-- after: {"id": "b06-move-in-close", "code": "return State.get('b06-move-in-close.before'), State.get('b06-move-in-close.after')", "expect": "value \"1\\tnil\""}

State.set('b06-move-in-close.before', 1)
pcall(function()
  local x <close> = setmetatable({}, {__close = function() table.move({}, 1, 1 << 62, 1) State.set('b06-move-in-close.after', 1) end})
  error('x')
end)
State.set('b06-move-in-close.after', 1)
