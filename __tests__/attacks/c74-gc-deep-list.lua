-- mechanism: linked lists of 10^6 nodes and closures: deep marking must be iterative and interruptible
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c74-gc-deep-list
-- after: {"id": "c74-gc-deep-list", "code": "return State.get('c74-gc-deep-list.before'), State.get('c74-gc-deep-list.after')", "expect": "value \"1\\tnil\""}

State.set('c74-gc-deep-list.before', 1)
local l
for i = 1, 400000 do l = {l} end
local f
for i = 1, 100000 do local p = f f = function() return p end end
while true do local s = ('x'):rep(100000) .. #tostring(l) end
State.set('c74-gc-deep-list.after', 1)
