-- mechanism: the same through pcall and as the body of a coroutine, in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b02-rep-empty-pcall
-- after: {"id": "b02-rep-empty-pcall", "code": "return State.get('b02-rep-empty-pcall.before'), State.get('b02-rep-empty-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('b02-rep-empty-pcall.before', 1)
while true do
  pcall(string.rep, '', math.maxinteger)
  pcall(coroutine.wrap(string.rep), '', math.maxinteger)
end
