-- mechanism: string.packsize and string.unpack over formats of 25 million options that produce nothing
-- options: {"timeout": 300, "memoryLimit": 134217728}
-- expect: ERR_LUA_TIMEOUT
-- id: b47-pack-format-scan
-- after: {"id": "b47-pack-format-scan", "code": "return State.get('b47-pack-format-scan.before'), State.get('b47-pack-format-scan.after')", "expect": "value \"1\\tnil\""}

State.set('b47-pack-format-scan.before', 1)
local f = ('<>'):rep(12500000)
while true do string.packsize(f) string.unpack(f, '') string.pack(f) end
State.set('b47-pack-format-scan.after', 1)
