-- mechanism: table.sort of 2^31 - 2 nils with math.type as comparator: a C loop that calls only C
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b22-sort-math-type
-- after: {"id": "b22-sort-math-type", "code": "return State.get('b22-sort-math-type.before'), State.get('b22-sort-math-type.after')", "expect": "value \"1\\tnil\""}

State.set('b22-sort-math-type.before', 1)
table.sort(setmetatable({}, {__len = function() return 2^31 - 2 end}), math.type)
State.set('b22-sort-math-type.after', 1)
