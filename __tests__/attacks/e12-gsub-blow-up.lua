-- mechanism: gsub with growing replacements: every character becomes 1 MB
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e12-gsub-blow-up
-- after: {"id": "e12-gsub-blow-up", "code": "return State.get('e12-gsub-blow-up.before'), State.get('e12-gsub-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e12-gsub-blow-up.before', 1)
local n = #(("x"):rep(1000):gsub(".", ("y"):rep(1000000)))
State.set('e12-gsub-blow-up.after', 1)
