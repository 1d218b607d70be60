-- mechanism: os.date with a long format of slow specifiers (%c %Z %+ variants) whose results grow
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b45-os-date-locale-format
-- after: {"id": "b45-os-date-locale-format", "code": "return State.get('b45-os-date-locale-format.before'), State.get('b45-os-date-locale-format.after')", "expect": "value \"1\\tnil\""}

State.set('b45-os-date-locale-format.before', 1)
local f = ('%c%x%X%p%Z'):rep(100000)
while true do pcall(os.date, f) pcall(os.date, '!' .. f, 0) end
State.set('b45-os-date-locale-format.after', 1)
