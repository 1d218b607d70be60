-- mechanism: 40 000 float constants with the same hash: the compiler looks each up in its constant table
-- options: {"timeout": 300}
-- expect: value ""
-- id: c59-compile-colliding-constants
-- after: {"id": "c59-compile-colliding-constants", "code": "return State.get('c59-compile-colliding-constants.before'), State.get('c59-compile-colliding-constants.after')", "expect": "value \"1\\t1\""}

State.set('c59-compile-colliding-constants.before', 1)
local p = {}
for k = 1, 60000 do p[k] = ('x=%a'):format(1 + k * 2.0^-52) end
load(table.concat(p, ' '))
State.set('c59-compile-colliding-constants.after', 1)
