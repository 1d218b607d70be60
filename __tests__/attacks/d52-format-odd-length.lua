-- mechanism: `%f` x 9*10^4 and one byte more: a poll at every n-th byte of the format may never fall on a specifier
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d52-format-odd-length
-- after: {"id": "d52-format-odd-length", "code": "return State.get('d52-format-odd-length.before'), State.get('d52-format-odd-length.after')", "expect": "value \"1\\tnil\""}

State.set('d52-format-odd-length.before', 1)
local t = {} for i = 1, 90000 do t[i] = 1e308 end
local f = ('%f'):rep(90000) .. 'x'
while true do string.format(f, table.unpack(t)) end
State.set('d52-format-odd-length.after', 1)
