-- mechanism: thousands of suspended coroutines: the atomic phase marks every stack again
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c75-gc-many-threads
-- after: {"id": "c75-gc-many-threads", "code": "return State.get('c75-gc-many-threads.before'), State.get('c75-gc-many-threads.after')", "expect": "value \"1\\tnil\""}

State.set('c75-gc-many-threads.before', 1)
local all = {}
for i = 1, 15000 do
  local co = coroutine.create(function() local a, b, c = {}, {}, {} coroutine.yield() end)
  coroutine.resume(co)
  all[i] = co
end
while true do for i = 1, #all do coroutine.status(all[i]) end local s = ('x'):rep(10000) .. #all end
State.set('c75-gc-many-threads.after', 1)
