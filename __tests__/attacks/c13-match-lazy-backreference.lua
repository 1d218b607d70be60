-- mechanism: `^(.-)%1(.-)%2$` over a long run
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c13-match-lazy-backreference
-- after: {"id": "c13-match-lazy-backreference", "code": "return State.get('c13-match-lazy-backreference.before'), State.get('c13-match-lazy-backreference.after')", "expect": "value \"1\\tnil\""}

State.set('c13-match-lazy-backreference.before', 1)
string.match(('a'):rep(20001), '^(.-)%1%1(.-)%2b$')
State.set('c13-match-lazy-backreference.after', 1)
