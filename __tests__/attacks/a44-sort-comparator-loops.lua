-- mechanism: an endless comparator inside table.sort: Lua called from a C loop that cannot yield
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a44-sort-comparator-loops
-- after: {"id": "a44-sort-comparator-loops", "code": "return State.get('a44-sort-comparator-loops.before'), State.get('a44-sort-comparator-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a44-sort-comparator-loops.before', 1)
while true do
  pcall(table.sort, {3, 2, 1}, function() while true do end end)
  State.set('a44-sort-comparator-loops.after', 1)
end
