-- mechanism: string.rep of the empty string loops maxinteger times in C without allocating
-- options: {"timeout": 300}
-- expect: value ""
-- id: b01-rep-empty
-- after: {"id": "b01-rep-empty", "code": "return State.get('b01-rep-empty.before'), State.get('b01-rep-empty.after')", "expect": "value \"1\\t1\""}

State.set('b01-rep-empty.before', 1)
local s = string.rep('', math.maxinteger)
State.set('b01-rep-empty.after', 1)
