-- mechanism: coroutines that are all kept
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e23-coroutine-bomb
-- after: {"id": "e23-coroutine-bomb", "code": "return State.get('e23-coroutine-bomb.before'), State.get('e23-coroutine-bomb.after')", "expect": "value \"1\\tnil\""}

State.set('e23-coroutine-bomb.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = coroutine.create(print) end
State.set('e23-coroutine-bomb.after', 1)
