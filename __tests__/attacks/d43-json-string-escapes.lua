-- mechanism: json.encode and decode of 5 MB strings in which every byte is escaped
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d43-json-string-escapes
-- after: {"id": "d43-json-string-escapes", "code": "return State.get('d43-json-string-escapes.before'), State.get('d43-json-string-escapes.after')", "expect": "value \"1\\tnil\""}

State.set('d43-json-string-escapes.before', 1)
local s = ('\1'):rep(3000000)
local d = '"' .. ('\\u0041'):rep(1000000) .. '"'
while true do json.encode(s) json.decode(d) end
State.set('d43-json-string-escapes.after', 1)
