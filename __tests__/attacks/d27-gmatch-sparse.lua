-- mechanism: gmatch over 20 MB without a match: one call scans all
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d27-gmatch-sparse
-- after: {"id": "d27-gmatch-sparse", "code": "return State.get('d27-gmatch-sparse.before'), State.get('d27-gmatch-sparse.after')", "expect": "value \"1\\tnil\""}

State.set('d27-gmatch-sparse.before', 1)
local s = ('aB'):rep(10000000)
while true do s:gmatch('%d')() end
State.set('d27-gmatch-sparse.after', 1)
