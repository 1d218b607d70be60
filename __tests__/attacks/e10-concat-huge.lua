-- mechanism: table.concat to 1 GB
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e10-concat-huge
-- after: {"id": "e10-concat-huge", "code": "return State.get('e10-concat-huge.before'), State.get('e10-concat-huge.after')", "expect": "value \"1\\tnil\""}

State.set('e10-concat-huge.before', 1)
local t, s = {}, ("x"):rep(1000000) for i = 1, 1000 do t[i] = s end local n = #table.concat(t)
State.set('e10-concat-huge.after', 1)
