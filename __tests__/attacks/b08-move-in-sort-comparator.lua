-- mechanism: a C loop inside a comparator inside table.sort inside gsub
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b08-move-in-sort-comparator
-- after: {"id": "b08-move-in-sort-comparator", "code": "return State.get('b08-move-in-sort-comparator.before'), State.get('b08-move-in-sort-comparator.after')", "expect": "value \"1\\tnil\""}

State.set('b08-move-in-sort-comparator.before', 1)
pcall(string.gsub, 'x', 'x', function()
  table.sort({2, 1}, function() table.move({}, 1, 1 << 62, 1) State.set('b08-move-in-sort-comparator.after', 1) end)
end)
State.set('b08-move-in-sort-comparator.after', 1)
