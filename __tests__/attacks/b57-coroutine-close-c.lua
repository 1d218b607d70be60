-- mechanism: a suspended C-only coroutine chain (wrap of wrap of pcall) closed in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b57-coroutine-close-c
-- after: {"id": "b57-coroutine-close-c", "code": "return State.get('b57-coroutine-close-c.before'), State.get('b57-coroutine-close-c.after')", "expect": "value \"1\\tnil\""}

State.set('b57-coroutine-close-c.before', 1)
while true do
  local f = coroutine.wrap(pcall)
  for i = 1, 20 do f = coroutine.wrap(f) end
  pcall(f, coroutine.yield)
end
State.set('b57-coroutine-close-c.after', 1)
