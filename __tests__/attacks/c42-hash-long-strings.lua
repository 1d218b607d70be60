-- mechanism: long strings as keys: each new one is hashed over its whole length
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c42-hash-long-strings
-- after: {"id": "c42-hash-long-strings", "code": "return State.get('c42-hash-long-strings.before'), State.get('c42-hash-long-strings.after')", "expect": "value \"1\\tnil\""}

State.set('c42-hash-long-strings.before', 1)
local t, s = {}, ('x'):rep(5000000)
while true do t[s .. #t] = nil local v = t[s .. 'a'] t[s .. 'b'] = 1 t[s .. 'b'] = nil end
State.set('c42-hash-long-strings.after', 1)
