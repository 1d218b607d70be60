-- mechanism: started coroutines, each with its own stack of 10^4 slots
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e24-coroutine-bomb-started
-- after: {"id": "e24-coroutine-bomb-started", "code": "return State.get('e24-coroutine-bomb-started.before'), State.get('e24-coroutine-bomb-started.after')", "expect": "value \"1\\tnil\""}

State.set('e24-coroutine-bomb-started.before', 1)
local t = {} local function f() local a = {} for i = 1, 5000 do a[i] = i end coroutine.yield(table.unpack(a)) end for i = 1, math.maxinteger do t[i] = coroutine.wrap(f) t[i]() end
State.set('e24-coroutine-bomb-started.after', 1)
