-- mechanism: json.decode of 10 MB of numbers, strings and objects in a loop
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d42-json-decode-flat
-- after: {"id": "d42-json-decode-flat", "code": "return State.get('d42-json-decode-flat.before'), State.get('d42-json-decode-flat.after')", "expect": "value \"1\\tnil\""}

State.set('d42-json-decode-flat.before', 1)
local s = '[' .. ('1234567,'):rep(500000) .. '1]'
while true do json.decode(s) end
State.set('d42-json-decode-flat.after', 1)
