-- mechanism: gmatch of empty matches restarted forever
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a46-gmatch-iterator-loops
-- after: {"id": "a46-gmatch-iterator-loops", "code": "return State.get('a46-gmatch-iterator-loops.before'), State.get('a46-gmatch-iterator-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a46-gmatch-iterator-loops.before', 1)
while true do for _ in string.gmatch('xxxx', '') do end end
State.set('a46-gmatch-iterator-loops.after', 1)
