-- mechanism: `a,a,a,…=…`: restassign recurses and check_conflict walks all targets for each (200 C levels)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c68-compile-assignment-list
-- after: {"id": "c68-compile-assignment-list", "code": "return State.get('c68-compile-assignment-list.before'), State.get('c68-compile-assignment-list.after')", "expect": "value \"1\\tnil\""}

State.set('c68-compile-assignment-list.before', 1)
local s = 'local t ' .. ('t.a,'):rep(190) .. 't.a=1'
local u = 'local t ' .. ('t.a,'):rep(100000) .. 't.a=1'
while true do load(s) load(u) load('local a <const> = 1 ' .. ('a,'):rep(1000) .. 'a=1') end
State.set('c68-compile-assignment-list.after', 1)
