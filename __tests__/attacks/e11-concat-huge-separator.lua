-- mechanism: table.concat with a separator of 1 MB
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e11-concat-huge-separator
-- after: {"id": "e11-concat-huge-separator", "code": "return State.get('e11-concat-huge-separator.before'), State.get('e11-concat-huge-separator.after')", "expect": "value \"1\\tnil\""}

State.set('e11-concat-huge-separator.before', 1)
local t = {} for i = 1, 1000 do t[i] = "" end local n = #table.concat(t, ("x"):rep(1000000))
State.set('e11-concat-huge-separator.after', 1)
