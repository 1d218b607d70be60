-- mechanism: the same with a 256 MiB heap of small tables: one full collection alone is far over a time slice
-- options: {"timeout": 500, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c73-full-gc-per-allocation-big-heap
-- after: {"id": "c73-full-gc-per-allocation-big-heap", "code": "return State.get('c73-full-gc-per-allocation-big-heap.before'), State.get('c73-full-gc-per-allocation-big-heap.after')", "expect": "value \"1\\tnil\""}

State.set('c73-full-gc-per-allocation-big-heap.before', 1)
local keep = {}
for i = 1, 1500000 do keep[i] = {i} end
while true do
  pcall(function() local s = ('x'):rep(40000000) return #s end)
end
State.set('c73-full-gc-per-allocation-big-heap.after', 1)
