-- mechanism: pcall in an endless loop catches a kill that is an ordinary error and goes on forever
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a01-pcall-swallows-kill
-- after: {"id": "a01-pcall-swallows-kill", "code": "return State.get('a01-pcall-swallows-kill.before'), State.get('a01-pcall-swallows-kill.after')", "expect": "value \"1\\tnil\""}

State.set('a01-pcall-swallows-kill.before', 1)
while true do
  pcall(function() while true do end end)
  State.set('a01-pcall-swallows-kill.after', 1)
end
