-- mechanism: an endless loop compiled by load, in a loop of loads
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a49-load-runs-loop
-- after: {"id": "a49-load-runs-loop", "code": "return State.get('a49-load-runs-loop.before'), State.get('a49-load-runs-loop.after')", "expect": "value \"1\\tnil\""}

State.set('a49-load-runs-loop.before', 1)
while true do pcall(load('while true do end')) State.set('a49-load-runs-loop.after', 1) end
