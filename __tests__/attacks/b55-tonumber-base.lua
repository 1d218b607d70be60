-- mechanism: tonumber with a base walks 30 MB of digits; arithmetic on digit strings converts them each time
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b55-tonumber-base
-- after: {"id": "b55-tonumber-base", "code": "return State.get('b55-tonumber-base.before'), State.get('b55-tonumber-base.after')", "expect": "value \"1\\tnil\""}

State.set('b55-tonumber-base.before', 1)
local s = ('0'):rep(30000000)
while true do tonumber(s, 36) tonumber(s) local x = s + 1 math.tointeger(s) end
State.set('b55-tonumber-base.after', 1)
