-- mechanism: an error names a variable whose identifier has 5 MB
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d35-error-names-huge-identifier
-- after: {"id": "d35-error-names-huge-identifier", "code": "return State.get('d35-error-names-huge-identifier.before'), State.get('d35-error-names-huge-identifier.after')", "expect": "value \"1\\tnil\""}

State.set('d35-error-names-huge-identifier.before', 1)
local f = load('return ' .. ('v'):rep(5000000) .. '.x.y')
while true do pcall(f) end
State.set('d35-error-names-huge-identifier.after', 1)
