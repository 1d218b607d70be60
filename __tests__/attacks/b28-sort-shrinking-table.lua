-- mechanism: a comparator that removes the elements under sort
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b28-sort-shrinking-table
-- after: {"id": "b28-sort-shrinking-table", "code": "return State.get('b28-sort-shrinking-table.before'), State.get('b28-sort-shrinking-table.after')", "expect": "value \"1\\tnil\""}

State.set('b28-sort-shrinking-table.before', 1)
while true do
  local t = {} for i = 1, 2000 do t[i] = 2000 - i end
  pcall(table.sort, t, function(a, b) for k in pairs(t) do t[k] = nil end return math.random(2) == 1 end)
end
State.set('b28-sort-shrinking-table.after', 1)
