-- mechanism: table.concat up to maxinteger, where i + 1 would overflow; each element an empty string from a shared table
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b20-concat-to-maxinteger
-- after: {"id": "b20-concat-to-maxinteger", "code": "return State.get('b20-concat-to-maxinteger.before'), State.get('b20-concat-to-maxinteger.after')", "expect": "value \"1\\tnil\""}

State.set('b20-concat-to-maxinteger.before', 1)
local t = {}
for i = 1, 2e6 do t[i] = '' end
while true do table.concat(t) end
State.set('b20-concat-to-maxinteger.after', 1)
