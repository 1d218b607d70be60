-- mechanism: a spin on os.clock, as scripts do to sleep
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a62-os-clock-spin
-- after: {"id": "a62-os-clock-spin", "code": "return State.get('a62-os-clock-spin.before'), State.get('a62-os-clock-spin.after')", "expect": "value \"1\\tnil\""}

State.set('a62-os-clock-spin.before', 1)
local t = os.clock() while os.clock() - t < 60 do end
State.set('a62-os-clock-spin.after', 1)
