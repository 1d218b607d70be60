-- mechanism: 10^5 closures in one source, and closures compiled in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c70-compile-many-functions
-- after: {"id": "c70-compile-many-functions", "code": "return State.get('c70-compile-many-functions.before'), State.get('c70-compile-many-functions.after')", "expect": "value \"1\\tnil\""}

State.set('c70-compile-many-functions.before', 1)
local s = ('local function f() end '):rep(1):sub(1, 0) .. ('f=function() return function() end end '):rep(60000)
while true do load(s) end
State.set('c70-compile-many-functions.after', 1)
