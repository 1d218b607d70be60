-- mechanism: 32 000 pending gotos and as many labels: every label scans all pending gotos and shifts the list
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c54-compile-pending-gotos
-- after: {"id": "c54-compile-pending-gotos", "code": "return State.get('c54-compile-pending-gotos.before'), State.get('c54-compile-pending-gotos.after')", "expect": "value \"1\\tnil\""}

State.set('c54-compile-pending-gotos.before', 1)
local p = {}
for i = 1, 32000 do p[#p + 1] = 'do goto a' .. i .. ' end ' end
for i = 1, 32000 do p[#p + 1] = '::a' .. i .. ':: x=x ' end
local s = table.concat(p)
while true do load(s) end
State.set('c54-compile-pending-gotos.after', 1)
