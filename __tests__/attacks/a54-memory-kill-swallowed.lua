-- mechanism: pcall around an allocation over the limit: the memory kill must be final too
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: a54-memory-kill-swallowed
-- after: {"id": "a54-memory-kill-swallowed", "code": "return State.get('a54-memory-kill-swallowed.before'), State.get('a54-memory-kill-swallowed.after')", "expect": "value \"1\\tnil\""}

State.set('a54-memory-kill-swallowed.before', 1)
while true do
  pcall(string.rep, 'x', 1 << 30)
  State.set('a54-memory-kill-swallowed.after', 1)
end
