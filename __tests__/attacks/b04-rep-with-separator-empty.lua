-- mechanism: string.rep with an empty string and an empty separator runs the separator branch of the C loop
-- options: {"timeout": 300}
-- expect: value ""
-- id: b04-rep-with-separator-empty
-- after: {"id": "b04-rep-with-separator-empty", "code": "return State.get('b04-rep-with-separator-empty.before'), State.get('b04-rep-with-separator-empty.after')", "expect": "value \"1\\t1\""}

State.set('b04-rep-with-separator-empty.before', 1)
local s = (''):rep(math.maxinteger, '')
State.set('b04-rep-with-separator-empty.after', 1)
