-- mechanism: string.rep with a separator to 40 MB by single bytes: 2*10^7 rounds of memcpy
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d19-rep-with-separator
-- after: {"id": "d19-rep-with-separator", "code": "return State.get('d19-rep-with-separator.before'), State.get('d19-rep-with-separator.after')", "expect": "value \"1\\tnil\""}

State.set('d19-rep-with-separator.before', 1)
while true do string.rep('a', 20000000, 'b') end
State.set('d19-rep-with-separator.after', 1)
