-- mechanism: gmatch with 32 captures and deep matching, resumed forever
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c20-gmatch-32-captures
-- after: {"id": "c20-gmatch-32-captures", "code": "return State.get('c20-gmatch-32-captures.before'), State.get('c20-gmatch-32-captures.after')", "expect": "value \"1\\tnil\""}

State.set('c20-gmatch-32-captures.before', 1)
while true do for a in string.gmatch(('x'):rep(10000), ('(x?)'):rep(31) .. '$') do end end
State.set('c20-gmatch-32-captures.after', 1)
