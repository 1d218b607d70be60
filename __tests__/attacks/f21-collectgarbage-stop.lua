-- mechanism: garbage made after collectgarbage("stop") must not reach the limit
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: f21-collectgarbage-stop
-- after: {"id": "f21-collectgarbage-stop", "code": "return State.get('f21-collectgarbage-stop.before'), State.get('f21-collectgarbage-stop.after')", "expect": "value \"1\\tnil\""}

State.set('f21-collectgarbage-stop.before', 1)
if collectgarbage then pcall(collectgarbage, 'stop') pcall(collectgarbage, 'generational') pcall(collectgarbage, 'setpause', 1000000) end
while true do local t = {} end
State.set('f21-collectgarbage-stop.after', 1)
