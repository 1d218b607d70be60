-- mechanism: floats 1 + k*2^-52 for k < 2^20 all have the same hash at every size
-- options: {"timeout": 2000}
-- expect: value ""
-- id: c38-hash-collide-floats
-- after: {"id": "c38-hash-collide-floats", "code": "return State.get('c38-hash-collide-floats.before'), State.get('c38-hash-collide-floats.after')", "expect": "value \"1\\t1\""}

State.set('c38-hash-collide-floats.before', 1)
local t = {}
for k = 1, 1 << 20 do t[1 + k * 2.0^-52] = true end
State.set('c38-hash-collide-floats.after', 1)
