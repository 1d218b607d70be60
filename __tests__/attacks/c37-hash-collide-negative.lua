-- mechanism: negative integer keys (the unsigned branch of hashint) that collide
-- options: {"timeout": 300}
-- expect: value ""
-- id: c37-hash-collide-negative
-- after: {"id": "c37-hash-collide-negative", "code": "return State.get('c37-hash-collide-negative.before'), State.get('c37-hash-collide-negative.after')", "expect": "value \"1\\t1\""}

State.set('c37-hash-collide-negative.before', 1)
local t, m = {}, (1 << 17) - 1
local top = -((1 << 63) // 1 % m)
for round = 1, 3 do
  t = {}
  for i = 1, (1 << 16) + 1 do t[math.mininteger + i * m] = true end
end
State.set('c37-hash-collide-negative.after', 1)
