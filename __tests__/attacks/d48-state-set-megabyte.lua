-- mechanism: State.set of a 1 MB nested value in a loop: encoding and storing per call
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d48-state-set-megabyte
-- after: {"id": "d48-state-set-megabyte", "code": "return State.get('d48-state-set-megabyte.before'), State.get('d48-state-set-megabyte.after')", "expect": "value \"1\\tnil\""}

State.set('d48-state-set-megabyte.before', 1)
local t = {} for i = 1, 100000 do t[i] = i end
while true do State.set('d48-state-set-megabyte.big', t) end
State.set('d48-state-set-megabyte.after', 1)
