-- mechanism: a pattern that backtracks for ever, preempted at each of its polls
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- after: {"id": "a75-pattern-in-pieces", "code": "return State.get('before'), State.get('after')", "expect": "value \"1\\tnil\""}

State.set('before', 1)
local s = ('a'):rep(3000)
while true do string.find(s, ('a-'):rep(50) .. 'b') end
State.set('after', 1)
