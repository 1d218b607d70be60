-- mechanism: the same with 2^20 keys in 256 MiB: minutes in one rehash
-- options: {"timeout": 1000, "memoryLimit": 268435456}
-- expect: value ""
-- id: c36-hash-collide-integers-huge
-- after: {"id": "c36-hash-collide-integers-huge", "code": "return State.get('c36-hash-collide-integers-huge.before'), State.get('c36-hash-collide-integers-huge.after')", "expect": "value \"1\\t1\""}

State.set('c36-hash-collide-integers-huge.before', 1)
local t, m = {}, (1 << 20) - 1
for i = 1, (1 << 19) + 1 do t[i * m] = true end
State.set('c36-hash-collide-integers-huge.after', 1)
