-- mechanism: cpuTimeout must be as final as timeout
-- options: {"timeout": 500, "cpuTimeout": 100}
-- expect: ERR_LUA_TIMEOUT
-- id: a60-cpu-timeout
-- after: {"id": "a60-cpu-timeout", "code": "return State.get('a60-cpu-timeout.before'), State.get('a60-cpu-timeout.after')", "expect": "value \"1\\tnil\""}

State.set('a60-cpu-timeout.before', 1)
while true do
  pcall(function() while true do end end)
  State.set('a60-cpu-timeout.after', 1)
end
