-- mechanism: table.sort of long strings that are equal up to the end: every comparison walks 100 KB in strcoll
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b25-sort-default-lt-strings
-- after: {"id": "b25-sort-default-lt-strings", "code": "return State.get('b25-sort-default-lt-strings.before'), State.get('b25-sort-default-lt-strings.after')", "expect": "value \"1\\tnil\""}

State.set('b25-sort-default-lt-strings.before', 1)
local p, t = ('a'):rep(100000), {}
for i = 1, 200 do t[i] = p .. i end
while true do table.sort(t) for i = 1, 100 do t[i], t[201 - i] = t[201 - i], t[i] end end
State.set('b25-sort-default-lt-strings.after', 1)
