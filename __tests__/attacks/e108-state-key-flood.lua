-- mechanism: 10^6 State keys: the quota or the deadline ends it
-- options: {"timeout": 300}
-- expect: ERR_STATE_QUOTA | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e108-state-key-flood
-- after: {"id": "e108-state-key-flood", "code": "return State.get('e108-state-key-flood.before'), State.get('e108-state-key-flood.after')", "expect": "value \"1\\tnil\""}

State.set('e108-state-key-flood.before', 1)
for i = 1, 1000000 do State.set('e108-state-key-flood.k' .. i, i) end
State.set('e108-state-key-flood.after', 1)
