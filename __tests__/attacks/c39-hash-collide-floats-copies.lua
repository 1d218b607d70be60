-- mechanism: colliding float keys in many tables at once, copied through next and rehashed by nil assignments
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c39-hash-collide-floats-copies
-- after: {"id": "c39-hash-collide-floats-copies", "code": "return State.get('c39-hash-collide-floats-copies.before'), State.get('c39-hash-collide-floats-copies.after')", "expect": "value \"1\\tnil\""}

State.set('c39-hash-collide-floats-copies.before', 1)
local all = {}
for j = 1, math.maxinteger do
  local t = {}
  for k = 1, 4096 do t[1 + k * 2.0^-52] = j end
  for k in pairs(t) do t[k] = nil end
  all[j % 10] = t
end
State.set('c39-hash-collide-floats-copies.after', 1)
