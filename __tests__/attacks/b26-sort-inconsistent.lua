-- mechanism: inconsistent comparators (always true, random, wrong types) run past the ends or raise "invalid order function"
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b26-sort-inconsistent
-- after: {"id": "b26-sort-inconsistent", "code": "return State.get('b26-sort-inconsistent.before'), State.get('b26-sort-inconsistent.after')", "expect": "value \"1\\tnil\""}

State.set('b26-sort-inconsistent.before', 1)
local t = {}
for i = 1, 5000 do t[i] = i end
while true do
  pcall(table.sort, t, function() return true end)
  pcall(table.sort, t, function() return math.random() < 0.5 end)
  pcall(table.sort, t, function(a, b) return a <= b end)
  pcall(table.sort, t, function(a, b) table.insert(t, 1) return a < b end)
  for i = #t, 5001, -1 do t[i] = nil end
end
State.set('b26-sort-inconsistent.after', 1)
