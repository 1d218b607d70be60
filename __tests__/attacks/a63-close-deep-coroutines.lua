-- mechanism: closing a chain of coroutines, each of whose __close closes the next, then loops
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a63-close-deep-coroutines
-- after: {"id": "a63-close-deep-coroutines", "code": "return State.get('a63-close-deep-coroutines.before'), State.get('a63-close-deep-coroutines.after')", "expect": "value \"1\\tnil\""}

State.set('a63-close-deep-coroutines.before', 1)
local function make(n)
  local co = coroutine.create(function()
    local inner = n > 0 and make(n - 1)
    local x <close> = setmetatable({}, {__close = function()
      if inner then coroutine.close(inner) end
      if n > 10 then State.set("a63-close-deep-coroutines.after", 1) end
      while true do end
    end})
    coroutine.yield()
  end)
  coroutine.resume(co)
  return co
end
coroutine.close(make(25))
State.set('a63-close-deep-coroutines.after', 1)
