-- mechanism: gsub whose replacement repeats the whole match 1000 times
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e13-gsub-capture-blow-up
-- after: {"id": "e13-gsub-capture-blow-up", "code": "return State.get('e13-gsub-capture-blow-up.before'), State.get('e13-gsub-capture-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e13-gsub-capture-blow-up.before', 1)
local n = #(("x"):rep(1000000):gsub(".*", ("%0"):rep(1000)))
State.set('e13-gsub-capture-blow-up.after', 1)
