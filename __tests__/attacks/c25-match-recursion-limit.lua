-- mechanism: patterns at the recursion limit of 200: "pattern too complex", swallowed in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c25-match-recursion-limit
-- after: {"id": "c25-match-recursion-limit", "code": "return State.get('c25-match-recursion-limit.before'), State.get('c25-match-recursion-limit.after')", "expect": "value \"1\\tnil\""}

State.set('c25-match-recursion-limit.before', 1)
local p = ('a?'):rep(250)
local q = ('(a'):rep(31) .. ('.-'):rep(300)
while true do pcall(string.find, ('a'):rep(300), p .. 'b') pcall(string.find, ('a'):rep(300), q) end
State.set('c25-match-recursion-limit.after', 1)
