-- mechanism: gsub that matches nothing over 20 MB copies it byte by byte
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d26-gsub-no-match
-- after: {"id": "d26-gsub-no-match", "code": "return State.get('d26-gsub-no-match.before'), State.get('d26-gsub-no-match.after')", "expect": "value \"1\\tnil\""}

State.set('d26-gsub-no-match.before', 1)
local s = ('aB'):rep(10000000)
while true do s:gsub('z', '') end
State.set('d26-gsub-no-match.after', 1)
