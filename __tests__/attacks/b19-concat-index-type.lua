-- mechanism: table.concat over a huge range with __index = type: no Lua runs, 5 bytes per round
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b19-concat-index-type
-- after: {"id": "b19-concat-index-type", "code": "return State.get('b19-concat-index-type.before'), State.get('b19-concat-index-type.after')", "expect": "value \"1\\tnil\""}

State.set('b19-concat-index-type.before', 1)
table.concat(setmetatable({}, {__index = type}), '', 1, math.maxinteger)
State.set('b19-concat-index-type.after', 1)
