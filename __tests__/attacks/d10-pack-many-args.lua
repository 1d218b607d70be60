-- mechanism: string.pack with 10^5 options and arguments, and unpack of 10^5 results
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d10-pack-many-args
-- after: {"id": "d10-pack-many-args", "code": "return State.get('d10-pack-many-args.before'), State.get('d10-pack-many-args.after')", "expect": "value \"1\\tnil\""}

State.set('d10-pack-many-args.before', 1)
local t = {} for i = 1, 100000 do t[i] = i end
local f = ('>i16'):rep(100000)
while true do pcall(string.unpack, f, string.pack(f, table.unpack(t))) end
State.set('d10-pack-many-args.after', 1)
