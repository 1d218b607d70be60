-- mechanism: yield through pcall inside coroutines in a loop, so that the protected call is finished by a continuation
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a65-pcall-yield-across
-- after: {"id": "a65-pcall-yield-across", "code": "return State.get('a65-pcall-yield-across.before'), State.get('a65-pcall-yield-across.after')", "expect": "value \"1\\tnil\""}

State.set('a65-pcall-yield-across.before', 1)
local function body() while true do pcall(function() coroutine.yield() while true do end end) State.set('a65-pcall-yield-across.after', 1) end end
local co = coroutine.create(body)
while true do
  coroutine.resume(co)
  if coroutine.status(co) == 'dead' then co = coroutine.create(body) end
end
