-- mechanism: 4*10^4 values passed through resume and yield (lua_xmove one by one)
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d23-coroutine-transfer
-- after: {"id": "d23-coroutine-transfer", "code": "return State.get('d23-coroutine-transfer.before'), State.get('d23-coroutine-transfer.after')", "expect": "value \"1\\tnil\""}

State.set('d23-coroutine-transfer.before', 1)
local t = {} for i = 1, 40000 do t[i] = i end
local co = coroutine.wrap(function(...) while true do coroutine.yield(...) end end)
while true do co(table.unpack(t)) end
State.set('d23-coroutine-transfer.after', 1)
