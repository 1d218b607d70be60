-- mechanism: one string.rep asks for 1 GiB
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: e02-rep-to-2-30
-- after: {"id": "e02-rep-to-2-30", "code": "return State.get('e02-rep-to-2-30.before'), State.get('e02-rep-to-2-30.after')", "expect": "value \"1\\tnil\""}

State.set('e02-rep-to-2-30.before', 1)
local s = ("x"):rep(1 << 30)
State.set('e02-rep-to-2-30.after', 1)
