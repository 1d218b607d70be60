-- mechanism: endless recursion: "stack overflow" is a Lua error, caught and repeated
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e33-deep-recursion
-- after: {"id": "e33-deep-recursion", "code": "return State.get('e33-deep-recursion.before'), State.get('e33-deep-recursion.after')", "expect": "value \"1\\tnil\""}

State.set('e33-deep-recursion.before', 1)
local function f() return 1 + f() end
while true do pcall(f) end
State.set('e33-deep-recursion.after', 1)
