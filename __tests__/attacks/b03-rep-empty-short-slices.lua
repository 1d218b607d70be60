-- mechanism: string.rep of the empty string in slices of about 50 ms: each call ends before most watchdogs notice
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b03-rep-empty-short-slices
-- after: {"id": "b03-rep-empty-short-slices", "code": "return State.get('b03-rep-empty-short-slices.before'), State.get('b03-rep-empty-short-slices.after')", "expect": "value \"1\\tnil\""}

State.set('b03-rep-empty-short-slices.before', 1)
while true do string.rep('', 10000000) end
State.set('b03-rep-empty-short-slices.after', 1)
