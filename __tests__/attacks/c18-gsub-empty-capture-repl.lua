-- mechanism: a replacement of 10^6 `%0` that are all empty: 10^12 steps in add_s without growing anything
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c18-gsub-empty-capture-repl
-- after: {"id": "c18-gsub-empty-capture-repl", "code": "return State.get('c18-gsub-empty-capture-repl.before'), State.get('c18-gsub-empty-capture-repl.after')", "expect": "value \"1\\tnil\""}

State.set('c18-gsub-empty-capture-repl.before', 1)
string.gsub(('x'):rep(1000000), 'y*', ('%0'):rep(1000000))
State.set('c18-gsub-empty-capture-repl.after', 1)
