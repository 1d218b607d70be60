-- mechanism: State.get of a 1 MiB value in a loop: parsing per call
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d47-state-get-megabyte
-- after: {"id": "d47-state-get-megabyte", "code": "return State.get('d47-state-get-megabyte.before'), State.get('d47-state-get-megabyte.after')", "expect": "value \"1\\tnil\""}

State.set('d47-state-get-megabyte.before', 1)
State.set('d47-state-get-megabyte.big', ('x'):rep(1000000))
while true do State.get('d47-state-get-megabyte.big') end
State.set('d47-state-get-megabyte.after', 1)
