-- mechanism: pcall around print in a loop: the output kill must be final too
-- options: {"timeout": 300}
-- expect: ERR_LUA_OUTPUT
-- id: a57-output-kill-swallowed
-- after: {"id": "a57-output-kill-swallowed", "code": "return State.get('a57-output-kill-swallowed.before'), State.get('a57-output-kill-swallowed.after')", "expect": "value \"1\\tnil\""}

State.set('a57-output-kill-swallowed.before', 1)
while true do
  pcall(print, ('x'):rep(65536))
  if os.clock() < 0 then break end
end
State.set('a57-output-kill-swallowed.after', 1)
