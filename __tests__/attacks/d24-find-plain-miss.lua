-- mechanism: a linear plain find over 40 MB, repeated
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- id: d24-find-plain-miss
-- after: {"id": "d24-find-plain-miss", "code": "return State.get('d24-find-plain-miss.before'), State.get('d24-find-plain-miss.after')", "expect": "value \"1\\tnil\""}

State.set('d24-find-plain-miss.before', 1)
local s = ('a'):rep(40000000)
while true do s:find('b', 1, true) end
State.set('d24-find-plain-miss.after', 1)
