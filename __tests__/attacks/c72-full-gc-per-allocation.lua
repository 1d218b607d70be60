-- mechanism: at the memory ceiling every allocation starts a full emergency collection of a big heap
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c72-full-gc-per-allocation
-- after: {"id": "c72-full-gc-per-allocation", "code": "return State.get('c72-full-gc-per-allocation.before'), State.get('c72-full-gc-per-allocation.after')", "expect": "value \"1\\tnil\""}

State.set('c72-full-gc-per-allocation.before', 1)
local keep = {}
for i = 1, 400000 do keep[i] = {i} end
while true do
  pcall(function() local s = ('x'):rep(12000000) return s .. s end)
end
State.set('c72-full-gc-per-allocation.after', 1)
