-- mechanism: pcall(pcall, pcall, …, f) nests protected calls in C without Lua frames between them
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a09-nested-pcall-pcall
-- after: {"id": "a09-nested-pcall-pcall", "code": "return State.get('a09-nested-pcall-pcall.before'), State.get('a09-nested-pcall-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('a09-nested-pcall-pcall.before', 1)
local function loop() while true do end end
while true do
  pcall(pcall, pcall, pcall, pcall, pcall, pcall, loop)
  State.set('a09-nested-pcall-pcall.after', 1)
end
