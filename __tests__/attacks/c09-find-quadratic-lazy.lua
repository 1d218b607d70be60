-- mechanism: `.-b` on 10^6 characters without b: quadratic
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c09-find-quadratic-lazy
-- after: {"id": "c09-find-quadratic-lazy", "code": "return State.get('c09-find-quadratic-lazy.before'), State.get('c09-find-quadratic-lazy.after')", "expect": "value \"1\\tnil\""}

State.set('c09-find-quadratic-lazy.before', 1)
string.find(('a'):rep(1000000), '.-b')
State.set('c09-find-quadratic-lazy.after', 1)
