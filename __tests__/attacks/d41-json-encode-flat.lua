-- mechanism: json.encode of a 10^6 element array: unmetered Rust work
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d41-json-encode-flat
-- after: {"id": "d41-json-encode-flat", "code": "return State.get('d41-json-encode-flat.before'), State.get('d41-json-encode-flat.after')", "expect": "value \"1\\tnil\""}

State.set('d41-json-encode-flat.before', 1)
local t = {} for i = 1, 1000000 do t[i] = i end
while true do json.encode(t) end
State.set('d41-json-encode-flat.after', 1)
