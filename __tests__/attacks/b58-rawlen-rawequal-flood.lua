-- mechanism: tight loops of the cheapest C calls: no Lua function is ever entered
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b58-rawlen-rawequal-flood
-- after: {"id": "b58-rawlen-rawequal-flood", "code": "return State.get('b58-rawlen-rawequal-flood.before'), State.get('b58-rawlen-rawequal-flood.after')", "expect": "value \"1\\tnil\""}

State.set('b58-rawlen-rawequal-flood.before', 1)
while true do rawequal(1, 2) rawlen('') type(1) select('#') math.type(1) end
State.set('b58-rawlen-rawequal-flood.after', 1)
