-- mechanism: %s with precision and with huge arguments; %.99f and %a of extremes
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d04-format-s-precision
-- after: {"id": "d04-format-s-precision", "code": "return State.get('d04-format-s-precision.before'), State.get('d04-format-s-precision.after')", "expect": "value \"1\\tnil\""}

State.set('d04-format-s-precision.before', 1)
local s = ('aB'):rep(10000000)
while true do string.format('%s%s%s', s, s, s) string.format('%.20s', s) end
State.set('d04-format-s-precision.after', 1)
