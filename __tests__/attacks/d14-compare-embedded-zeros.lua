-- mechanism: < on equal strings of 10^7 NULs: l_strcmp goes NUL by NUL
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d14-compare-embedded-zeros
-- after: {"id": "d14-compare-embedded-zeros", "code": "return State.get('d14-compare-embedded-zeros.before'), State.get('d14-compare-embedded-zeros.after')", "expect": "value \"1\\tnil\""}

State.set('d14-compare-embedded-zeros.before', 1)
local a, b = ('\0'):rep(10000000), ('\0'):rep(9999999) .. '\0'
while true do local y = a < b local z = a <= b end
State.set('d14-compare-embedded-zeros.after', 1)
