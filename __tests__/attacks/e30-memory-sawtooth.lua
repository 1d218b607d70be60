-- mechanism: allocating up to the limit, dropping all, and again: legal, but the collector must keep up
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e30-memory-sawtooth
-- after: {"id": "e30-memory-sawtooth", "code": "return State.get('e30-memory-sawtooth.before'), State.get('e30-memory-sawtooth.after')", "expect": "value \"1\\tnil\""}

State.set('e30-memory-sawtooth.before', 1)
while true do local t = {} for i = 1, 200000 do t[i] = {} end end
State.set('e30-memory-sawtooth.after', 1)
