-- mechanism: 32 position captures at every position of 10^6 characters, replaced by a table lookup
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c19-gsub-position-captures
-- after: {"id": "c19-gsub-position-captures", "code": "return State.get('c19-gsub-position-captures.before'), State.get('c19-gsub-position-captures.after')", "expect": "value \"1\\tnil\""}

State.set('c19-gsub-position-captures.before', 1)
while true do string.gsub(('x'):rep(1000000), ('()'):rep(32), {}) end
State.set('c19-gsub-position-captures.after', 1)
