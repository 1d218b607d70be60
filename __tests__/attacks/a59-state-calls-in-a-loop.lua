-- mechanism: a loop that does nothing but State calls under pcall: the kill lands inside or between host calls
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a59-state-calls-in-a-loop
-- after: {"id": "a59-state-calls-in-a-loop", "code": "return State.get('a59-state-calls-in-a-loop.before'), State.get('a59-state-calls-in-a-loop.after')", "expect": "value \"1\\tnil\""}

State.set('a59-state-calls-in-a-loop.before', 1)
while true do
  pcall(pcall, State.set, 'a59-state-calls-in-a-loop.n', 1)
  pcall(pcall, State.get, 'a59-state-calls-in-a-loop.n')
  pcall(pcall, State.delete, 'a59-state-calls-in-a-loop.n')
  pcall(pcall, State.list)
end
State.set('a59-state-calls-in-a-loop.after', 1)
