-- mechanism: comparison of two equal 20 MB strings: memcmp and strcoll per instruction
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d13-compare-equal
-- after: {"id": "d13-compare-equal", "code": "return State.get('d13-compare-equal.before'), State.get('d13-compare-equal.after')", "expect": "value \"1\\tnil\""}

State.set('d13-compare-equal.before', 1)
local a, b = ('a'):rep(20000000), ('a'):rep(19999999) .. 'a'
while true do local x = a == b local y = a < b local z = a <= b end
State.set('d13-compare-equal.after', 1)
