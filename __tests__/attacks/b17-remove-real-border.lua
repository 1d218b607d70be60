-- mechanism: table.remove(t, 1) on a real table whose # is 2^62
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b17-remove-real-border
-- after: {"id": "b17-remove-real-border", "code": "return State.get('b17-remove-real-border.before'), State.get('b17-remove-real-border.after')", "expect": "value \"1\\tnil\""}

State.set('b17-remove-real-border.before', 1)
local big = {} for i = 62, 0, -1 do big[1 << i] = 1 end

table.remove(big, 1)
State.set('b17-remove-real-border.after', 1)
