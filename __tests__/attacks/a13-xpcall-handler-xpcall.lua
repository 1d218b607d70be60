-- mechanism: a handler that starts another xpcall with a looping handler
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a13-xpcall-handler-xpcall
-- after: {"id": "a13-xpcall-handler-xpcall", "code": "return State.get('a13-xpcall-handler-xpcall.before'), State.get('a13-xpcall-handler-xpcall.after')", "expect": "value \"1\\tnil\""}

State.set('a13-xpcall-handler-xpcall.before', 1)
local function loop() while true do end end
local function h() State.set('a13-xpcall-handler-xpcall.after', 1) xpcall(loop, loop) loop() end
while true do xpcall(loop, h) State.set('a13-xpcall-handler-xpcall.after', 1) end
