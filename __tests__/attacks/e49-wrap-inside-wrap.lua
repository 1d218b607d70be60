-- mechanism: wrap(wrap(wrap(…))): each resume starts the next one in C
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e49-wrap-inside-wrap
-- after: {"id": "e49-wrap-inside-wrap", "code": "return State.get('e49-wrap-inside-wrap.before'), State.get('e49-wrap-inside-wrap.after')", "expect": "value \"1\\tnil\""}

State.set('e49-wrap-inside-wrap.before', 1)
local f = function() return 1 end
for i = 1, 100000 do f = coroutine.wrap(f) end
pcall(f)
while true do local g = print for i = 1, 150 do g = coroutine.wrap(g) end pcall(coroutine.wrap, g) end
State.set('e49-wrap-inside-wrap.after', 1)
