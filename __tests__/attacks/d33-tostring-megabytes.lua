-- mechanism: tostring, print-like conversions and json of 10 MB strings
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d33-tostring-megabytes
-- after: {"id": "d33-tostring-megabytes", "code": "return State.get('d33-tostring-megabytes.before'), State.get('d33-tostring-megabytes.after')", "expect": "value \"1\\tnil\""}

State.set('d33-tostring-megabytes.before', 1)
local a = ('9'):rep(10000000)
while true do tostring(a) string.format('%s', a) select(2, pcall(error, a)) end
State.set('d33-tostring-megabytes.after', 1)
