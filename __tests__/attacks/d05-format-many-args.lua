-- mechanism: string.format with 10^5 `%.99f` specifiers and arguments: 40 MB of snprintf in one call
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d05-format-many-args
-- after: {"id": "d05-format-many-args", "code": "return State.get('d05-format-many-args.before'), State.get('d05-format-many-args.after')", "expect": "value \"1\\tnil\""}

State.set('d05-format-many-args.before', 1)
local t = {} for i = 1, 100000 do t[i] = 1e308 end
local f = ('%99.99f'):rep(100000)
while true do string.format(f, table.unpack(t)) end
State.set('d05-format-many-args.after', 1)
