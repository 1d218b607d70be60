-- mechanism: 200 locals are allowed, more are refused; blocks of them are not, up to 32767
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c62-compile-many-locals
-- after: {"id": "c62-compile-many-locals", "code": "return State.get('c62-compile-many-locals.before'), State.get('c62-compile-many-locals.after')", "expect": "value \"1\\tnil\""}

State.set('c62-compile-many-locals.before', 1)
local l = {}
for i = 1, 199 do l[i] = 'l' .. i end
local s = ('do local ' .. table.concat(l, ',') .. ' end '):rep(160)
while true do load(s) load('local ' .. ('a,'):rep(300) .. 'a') end
State.set('c62-compile-many-locals.after', 1)
