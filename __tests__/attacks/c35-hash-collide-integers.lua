-- mechanism: integer keys i*(2^18-1) lie apart in 2^17 nodes; the next rehash makes them all collide in one step
-- options: {"timeout": 300}
-- expect: value ""
-- id: c35-hash-collide-integers
-- after: {"id": "c35-hash-collide-integers", "code": "return State.get('c35-hash-collide-integers.before'), State.get('c35-hash-collide-integers.after')", "expect": "value \"1\\t1\""}

State.set('c35-hash-collide-integers.before', 1)
local t, m = {}, (1 << 18) - 1
for i = 1, (1 << 17) + 1 do t[i * m] = true end
State.set('c35-hash-collide-integers.after', 1)
