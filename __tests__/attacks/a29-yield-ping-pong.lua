-- mechanism: two coroutines that only yield to each other: never more than a few instructions between switches
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a29-yield-ping-pong
-- after: {"id": "a29-yield-ping-pong", "code": "return State.get('a29-yield-ping-pong.before'), State.get('a29-yield-ping-pong.after')", "expect": "value \"1\\tnil\""}

State.set('a29-yield-ping-pong.before', 1)
local co = coroutine.wrap(function() while true do coroutine.yield() end end)
while true do co() end
State.set('a29-yield-ping-pong.after', 1)
