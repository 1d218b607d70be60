-- mechanism: readers of load that load, each preempted in the middle of the compiler
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY
-- after: {"id": "a74-load-in-a-reader-in-a-reader", "code": "return State.get('before'), State.get('after')", "expect": "value \"1\\tnil\""}

State.set('before', 1)
local function source(depth)
  return function()
    for _ = 1, 1e4 do end
    if depth < 150 then load(source(depth + 1)) end
    return 'local x = 1 '
  end
end
while true do load(source(0)) end
State.set('after', 1)
