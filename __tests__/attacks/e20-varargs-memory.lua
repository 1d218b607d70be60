-- mechanism: tables of 9*10^4 varargs, kept
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e20-varargs-memory
-- after: {"id": "e20-varargs-memory", "code": "return State.get('e20-varargs-memory.before'), State.get('e20-varargs-memory.after')", "expect": "value \"1\\tnil\""}

State.set('e20-varargs-memory.before', 1)
local t, all = {}, {} for i = 1, 90000 do t[i] = i end while true do all[#all + 1] = {table.unpack(t)} end
State.set('e20-varargs-memory.after', 1)
