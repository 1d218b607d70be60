-- mechanism: 20 MB garbage strings: the debt must count, or the limit is hit although nothing is kept
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e31-memory-string-sawtooth
-- after: {"id": "e31-memory-string-sawtooth", "code": "return State.get('e31-memory-string-sawtooth.before'), State.get('e31-memory-string-sawtooth.after')", "expect": "value \"1\\tnil\""}

State.set('e31-memory-string-sawtooth.before', 1)
while true do local s = ("x"):rep(20000000) end
State.set('e31-memory-string-sawtooth.after', 1)
