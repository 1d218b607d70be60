-- mechanism: os.date with a format of 20 million specifiers: seconds of strftime in one call
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b44-os-date-long-format
-- after: {"id": "b44-os-date-long-format", "code": "return State.get('b44-os-date-long-format.before'), State.get('b44-os-date-long-format.after')", "expect": "value \"1\\tnil\""}

State.set('b44-os-date-long-format.before', 1)
local f = ('%%'):rep(20000000)
while true do os.date(f) end
State.set('b44-os-date-long-format.after', 1)
