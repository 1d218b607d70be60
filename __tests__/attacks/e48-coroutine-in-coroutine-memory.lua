-- mechanism: nested coroutines that are kept, each with a deep stack of its own
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e48-coroutine-in-coroutine-memory
-- after: {"id": "e48-coroutine-in-coroutine-memory", "code": "return State.get('e48-coroutine-in-coroutine-memory.before'), State.get('e48-coroutine-in-coroutine-memory.after')", "expect": "value \"1\\tnil\""}

State.set('e48-coroutine-in-coroutine-memory.before', 1)
local keep = {}
local function deep(n, f) if n > 0 then return (deep(n - 1, f)) end return f() end
local function nest()
  local co = coroutine.create(function() deep(10000, nest) end)
  keep[#keep + 1] = co
  coroutine.resume(co)
end
while true do pcall(nest) end
State.set('e48-coroutine-in-coroutine-memory.after', 1)
