-- mechanism: string.rep with a 1 MB separator and few repetitions
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e04-rep-separator-huge
-- after: {"id": "e04-rep-separator-huge", "code": "return State.get('e04-rep-separator-huge.before'), State.get('e04-rep-separator-huge.after')", "expect": "value \"1\\tnil\""}

State.set('e04-rep-separator-huge.before', 1)
local s = string.rep("x", 1000, (","):rep(1000000))
State.set('e04-rep-separator-huge.after', 1)
