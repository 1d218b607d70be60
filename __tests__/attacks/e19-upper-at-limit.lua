-- mechanism: conversions of a string just under the limit need the double
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY
-- id: e19-upper-at-limit
-- after: {"id": "e19-upper-at-limit", "code": "return State.get('e19-upper-at-limit.before'), State.get('e19-upper-at-limit.after')", "expect": "value \"1\\tnil\""}

State.set('e19-upper-at-limit.before', 1)
local s = ("x"):rep(50000000) local n = #s:upper()
State.set('e19-upper-at-limit.after', 1)
