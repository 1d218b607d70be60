-- mechanism: objects with 10^5 keys with a long common prefix: keys are sorted by bytes for each encoding
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d45-json-sorted-keys
-- after: {"id": "d45-json-sorted-keys", "code": "return State.get('d45-json-sorted-keys.before'), State.get('d45-json-sorted-keys.after')", "expect": "value \"1\\tnil\""}

State.set('d45-json-sorted-keys.before', 1)
local t, p = {}, ('k'):rep(200)
for i = 1, 50000 do t[p .. i] = i end
while true do json.encode(t) end
State.set('d45-json-sorted-keys.after', 1)
