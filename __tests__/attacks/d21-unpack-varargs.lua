-- mechanism: table.unpack of 9*10^4 values, table.pack of them, in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d21-unpack-varargs
-- after: {"id": "d21-unpack-varargs", "code": "return State.get('d21-unpack-varargs.before'), State.get('d21-unpack-varargs.after')", "expect": "value \"1\\tnil\""}

State.set('d21-unpack-varargs.before', 1)
local t = {} for i = 1, 90000 do t[i] = i end
while true do local p = table.pack(table.unpack(t)) end
State.set('d21-unpack-varargs.after', 1)
