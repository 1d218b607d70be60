-- mechanism: table.move from the most negative range, with the maximal count that is not refused
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b11-move-negative
-- after: {"id": "b11-move-negative", "code": "return State.get('b11-move-negative.before'), State.get('b11-move-negative.after')", "expect": "value \"1\\tnil\""}

State.set('b11-move-negative.before', 1)
pcall(table.move, {}, math.mininteger, 0, 1)
while true do pcall(table.move, {}, math.mininteger + 2, 0, 1) State.set('b11-move-negative.after', 1) end
