-- mechanism: callbacks within callbacks, each of which gives up its turn: stacks that are suspended deep down
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY
-- after: {"id": "a68-suspended-in-nested-callbacks", "code": "return State.get('before'), State.get('after')", "expect": "value \"1\\tnil\""}

State.set('before', 1)
local function deep(n)
  sleep(0)
  if n == 0 then while true do sleep(0) end end
  return (string.gsub('x', 'x', function() return deep(n - 1) end))
end
while true do pcall(deep, 150) end
State.set('after', 1)
