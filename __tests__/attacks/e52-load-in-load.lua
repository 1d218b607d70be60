-- mechanism: code that loads code that loads code, to any depth
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e52-load-in-load
-- after: {"id": "e52-load-in-load", "code": "return State.get('e52-load-in-load.before'), State.get('e52-load-in-load.after')", "expect": "value \"1\\tnil\""}

State.set('e52-load-in-load.before', 1)
code = [[local n = ... if n > 0 then return (load(code)(n + 1)) end]]
while true do pcall(load(code), 1) end
State.set('e52-load-in-load.after', 1)
