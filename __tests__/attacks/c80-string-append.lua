-- mechanism: s = s .. "x" on a 5 MB string: each instruction copies megabytes
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c80-string-append
-- after: {"id": "c80-string-append", "code": "return State.get('c80-string-append.before'), State.get('c80-string-append.after')", "expect": "value \"1\\tnil\""}

State.set('c80-string-append.before', 1)
local s = ('x'):rep(5000000)
while true do local t = s .. 'x' end
State.set('c80-string-append.after', 1)
