-- mechanism: a handler that itself errors starts the handler again, up to the C stack limit, in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a12-xpcall-handler-recursive
-- after: {"id": "a12-xpcall-handler-recursive", "code": "return State.get('a12-xpcall-handler-recursive.before'), State.get('a12-xpcall-handler-recursive.after')", "expect": "value \"1\\tnil\""}

State.set('a12-xpcall-handler-recursive.before', 1)
local function h(m) error(m) end
while true do
  xpcall(function() while true do end end, h)
  State.set('a12-xpcall-handler-recursive.after', 1)
end
