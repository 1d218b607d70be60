-- mechanism: median-of-3 killer: a comparator built so that quicksort degrades to n^2 (McIlroy)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b24-sort-killer-sequence
-- after: {"id": "b24-sort-killer-sequence", "code": "return State.get('b24-sort-killer-sequence.before'), State.get('b24-sort-killer-sequence.after')", "expect": "value \"1\\tnil\""}

State.set('b24-sort-killer-sequence.before', 1)
local n = 200000
local t, ord, solid, cand = {}, {}, 0, nil
for i = 1, n do t[i] = i end
local gas = n + 1
for i = 1, n do ord[i] = gas end
table.sort(t, function(x, y)
  if ord[x] == gas and ord[y] == gas then
    if x == cand then ord[x] = solid else ord[y] = solid end
    solid = solid + 1
  end
  if ord[x] == gas then cand = x elseif ord[y] == gas then cand = y end
  return ord[x] < ord[y]
end)
State.set('b24-sort-killer-sequence.after', 1)
