-- mechanism: short coroutines that do 50 instructions and end with an error, swallowed by resume
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a28-short-coroutines-pcall
-- after: {"id": "a28-short-coroutines-pcall", "code": "return State.get('a28-short-coroutines-pcall.before'), State.get('a28-short-coroutines-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('a28-short-coroutines-pcall.before', 1)
while true do
  coroutine.resume(coroutine.create(function() for i = 1, 50 do end error('x') end))
end
State.set('a28-short-coroutines-pcall.after', 1)
