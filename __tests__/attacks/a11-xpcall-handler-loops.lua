-- mechanism: the message handler that the kill's own error starts runs with hooks off and loops forever on stock Lua
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a11-xpcall-handler-loops
-- after: {"id": "a11-xpcall-handler-loops", "code": "return State.get('a11-xpcall-handler-loops.before'), State.get('a11-xpcall-handler-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a11-xpcall-handler-loops.before', 1)
xpcall(function() while true do end end, function(m)
  State.set('a11-xpcall-handler-loops.after', 1)
  while true do end
end)
State.set('a11-xpcall-handler-loops.after', 1)
