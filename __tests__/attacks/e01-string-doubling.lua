-- mechanism: s = s .. s doubles to the limit in 26 steps
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e01-string-doubling
-- after: {"id": "e01-string-doubling", "code": "return State.get('e01-string-doubling.before'), State.get('e01-string-doubling.after')", "expect": "value \"1\\tnil\""}

State.set('e01-string-doubling.before', 1)
local s = "x" while true do s = s .. s end
State.set('e01-string-doubling.after', 1)
