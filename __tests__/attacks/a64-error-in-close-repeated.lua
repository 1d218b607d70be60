-- mechanism: coroutines that end with an error in __close, made and closed in an endless loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a64-error-in-close-repeated
-- after: {"id": "a64-error-in-close-repeated", "code": "return State.get('a64-error-in-close-repeated.before'), State.get('a64-error-in-close-repeated.after')", "expect": "value \"1\\tnil\""}

State.set('a64-error-in-close-repeated.before', 1)
while true do
  local co = coroutine.create(function()
    local x <close> = setmetatable({}, {__close = function(_, e) error(e) end})
    coroutine.yield()
  end)
  coroutine.resume(co)
  pcall(coroutine.close, co)
end
State.set('a64-error-in-close-repeated.after', 1)
