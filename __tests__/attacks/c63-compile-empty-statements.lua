-- mechanism: 50 MB of `;` and of newlines: linear, but one call and no instruction
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c63-compile-empty-statements
-- after: {"id": "c63-compile-empty-statements", "code": "return State.get('c63-compile-empty-statements.before'), State.get('c63-compile-empty-statements.after')", "expect": "value \"1\\tnil\""}

State.set('c63-compile-empty-statements.before', 1)
local a, b = (';'):rep(50000000), ('\n'):rep(50000000)
while true do load(a) load(b) end
State.set('c63-compile-empty-statements.after', 1)
