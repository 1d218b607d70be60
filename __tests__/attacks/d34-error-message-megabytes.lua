-- mechanism: error messages of 10 MB get a position put in front at every level
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d34-error-message-megabytes
-- after: {"id": "d34-error-message-megabytes", "code": "return State.get('d34-error-message-megabytes.before'), State.get('d34-error-message-megabytes.after')", "expect": "value \"1\\tnil\""}

State.set('d34-error-message-megabytes.before', 1)
local a = ('e'):rep(5000000)
while true do pcall(error, a) pcall(pcall, error, a, 2) end
State.set('d34-error-message-megabytes.after', 1)
