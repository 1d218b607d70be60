-- mechanism: an xpcall handler that runs a C loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b07-move-in-handler
-- after: {"id": "b07-move-in-handler", "code": "return State.get('b07-move-in-handler.before'), State.get('b07-move-in-handler.after')", "expect": "value \"1\\tnil\""}

State.set('b07-move-in-handler.before', 1)
xpcall(error, function() return table.move({}, 1, 1 << 62, 1) end)
State.set('b07-move-in-handler.after', 1)
