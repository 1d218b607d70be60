-- mechanism: a ladder of 60 protected calls, each of which loops again after catching the kill of the level below
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a10-pcall-ladder-60
-- after: {"id": "a10-pcall-ladder-60", "code": "return State.get('a10-pcall-ladder-60.before'), State.get('a10-pcall-ladder-60.after')", "expect": "value \"1\\tnil\""}

State.set('a10-pcall-ladder-60.before', 1)
local function down(n)
  if n == 0 then while true do end end
  pcall(down, n - 1)
  State.set('a10-pcall-ladder-60.after', 1)
  while true do end
end
down(60)
