-- mechanism: integer constants that collide in the compiler's constant table
-- options: {"timeout": 1000}
-- expect: value ""
-- id: c60-compile-colliding-integers
-- after: {"id": "c60-compile-colliding-integers", "code": "return State.get('c60-compile-colliding-integers.before'), State.get('c60-compile-colliding-integers.after')", "expect": "value \"1\\t1\""}

State.set('c60-compile-colliding-integers.before', 1)
local p, m = {}, (1 << 18) - 1
for i = 1, (1 << 17) + 1 do p[i] = 'x=' .. (i * m + 65536) end
load(table.concat(p, ' '))
State.set('c60-compile-colliding-integers.after', 1)
