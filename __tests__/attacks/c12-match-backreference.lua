-- mechanism: back references compare the captured text again at each backtrack: n^3
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c12-match-backreference
-- after: {"id": "c12-match-backreference", "code": "return State.get('c12-match-backreference.before'), State.get('c12-match-backreference.after')", "expect": "value \"1\\tnil\""}

State.set('c12-match-backreference.before', 1)
string.match(('a'):rep(20000), '(.*)%1b')
State.set('c12-match-backreference.after', 1)
