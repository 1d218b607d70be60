-- mechanism: 32 000 labels: each is compared with all before it; then gotos that search them all
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c53-compile-labels
-- after: {"id": "c53-compile-labels", "code": "return State.get('c53-compile-labels.before'), State.get('c53-compile-labels.after')", "expect": "value \"1\\tnil\""}

State.set('c53-compile-labels.before', 1)
local p = {}
for i = 1, 32000 do p[i] = '::l' .. i .. ':: x=x ' end
p[#p + 1] = ('goto l32000 '):rep(1000000)
load(table.concat(p))
State.set('c53-compile-labels.after', 1)
