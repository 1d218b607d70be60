-- mechanism: 40 000 elseif: the exit list is walked to its end for each branch
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c51-compile-elseif
-- after: {"id": "c51-compile-elseif", "code": "return State.get('c51-compile-elseif.before'), State.get('c51-compile-elseif.after')", "expect": "value \"1\\tnil\""}

State.set('c51-compile-elseif.before', 1)
load('if x then ' .. ('elseif x then '):rep(200000) .. 'end')
State.set('c51-compile-elseif.after', 1)
