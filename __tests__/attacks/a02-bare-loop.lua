-- mechanism: the empty endless loop: one instruction that jumps to itself
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a02-bare-loop
-- after: {"id": "a02-bare-loop", "code": "return State.get('a02-bare-loop.before'), State.get('a02-bare-loop.after')", "expect": "value \"1\\tnil\""}

State.set('a02-bare-loop.before', 1)
while true do end
State.set('a02-bare-loop.after', 1)
