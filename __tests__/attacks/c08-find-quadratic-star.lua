-- mechanism: `a*b` on a run of 10^6 a: quadratic, no nesting needed
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c08-find-quadratic-star
-- after: {"id": "c08-find-quadratic-star", "code": "return State.get('c08-find-quadratic-star.before'), State.get('c08-find-quadratic-star.after')", "expect": "value \"1\\tnil\""}

State.set('c08-find-quadratic-star.before', 1)
string.find(('a'):rep(1000000), 'a*b')
State.set('c08-find-quadratic-star.after', 1)
