-- mechanism: endless io.write of empty strings never reaches maxOutput
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e61-output-nothing
-- after: {"id": "e61-output-nothing", "code": "return State.get('e61-output-nothing.before'), State.get('e61-output-nothing.after')", "expect": "value \"1\\tnil\""}

State.set('e61-output-nothing.before', 1)
while true do io.write('') io.write() end
State.set('e61-output-nothing.after', 1)
