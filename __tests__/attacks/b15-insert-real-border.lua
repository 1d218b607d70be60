-- mechanism: table.insert on a real table whose # is 2^62 (no metatable at all)
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b15-insert-real-border
-- after: {"id": "b15-insert-real-border", "code": "return State.get('b15-insert-real-border.before'), State.get('b15-insert-real-border.after')", "expect": "value \"1\\tnil\""}

State.set('b15-insert-real-border.before', 1)
local big = {} for i = 62, 0, -1 do big[1 << i] = 1 end

table.insert(big, 1, 'x')
State.set('b15-insert-real-border.after', 1)
