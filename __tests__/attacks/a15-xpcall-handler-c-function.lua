-- mechanism: a C function as handler (pcall, xpcall, error) so that no Lua instruction sees the kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a15-xpcall-handler-c-function
-- after: {"id": "a15-xpcall-handler-c-function", "code": "return State.get('a15-xpcall-handler-c-function.before'), State.get('a15-xpcall-handler-c-function.after')", "expect": "value \"1\\tnil\""}

State.set('a15-xpcall-handler-c-function.before', 1)
local function loop() while true do end end
while true do
  xpcall(loop, pcall)
  xpcall(loop, error)
  xpcall(loop, tostring)
  State.set('a15-xpcall-handler-c-function.after', 1)
end
