-- mechanism: string arithmetic on a 20 MB float text: strtod per instruction
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b56-tostring-number-strings
-- after: {"id": "b56-tostring-number-strings", "code": "return State.get('b56-tostring-number-strings.before'), State.get('b56-tostring-number-strings.after')", "expect": "value \"1\\tnil\""}

State.set('b56-tostring-number-strings.before', 1)
local s = '0.' .. ('1'):rep(20000000)
while true do local x = s * 1 pcall(function() return s | 1 end) pcall(function() for i = s, 1 do end end) end
State.set('b56-tostring-number-strings.after', 1)
