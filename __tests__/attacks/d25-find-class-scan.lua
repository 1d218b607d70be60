-- mechanism: a linear class scan over 20 MB, repeated
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d25-find-class-scan
-- after: {"id": "d25-find-class-scan", "code": "return State.get('d25-find-class-scan.before'), State.get('d25-find-class-scan.after')", "expect": "value \"1\\tnil\""}

State.set('d25-find-class-scan.before', 1)
local s = ('aB'):rep(10000000)
while true do s:find('^[%w%p]*%s') s:match('^%a+$') end
State.set('d25-find-class-scan.after', 1)
