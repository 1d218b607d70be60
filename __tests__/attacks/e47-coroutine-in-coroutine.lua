-- mechanism: coroutines resumed inside coroutines to any depth
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e47-coroutine-in-coroutine
-- after: {"id": "e47-coroutine-in-coroutine", "code": "return State.get('e47-coroutine-in-coroutine.before'), State.get('e47-coroutine-in-coroutine.after')", "expect": "value \"1\\tnil\""}

State.set('e47-coroutine-in-coroutine.before', 1)
local function nest() return coroutine.wrap(nest)() end
while true do pcall(nest) end
State.set('e47-coroutine-in-coroutine.after', 1)
