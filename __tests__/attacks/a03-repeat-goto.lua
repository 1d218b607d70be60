-- mechanism: an endless loop made of goto, without any loop construct or call
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a03-repeat-goto
-- after: {"id": "a03-repeat-goto", "code": "return State.get('a03-repeat-goto.before'), State.get('a03-repeat-goto.after')", "expect": "value \"1\\tnil\""}

State.set('a03-repeat-goto.before', 1)
::top:: goto top
State.set('a03-repeat-goto.after', 1)
