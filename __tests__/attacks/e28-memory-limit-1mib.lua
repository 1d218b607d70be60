-- mechanism: the smallest memoryLimit: the libraries fit, a hog dies
-- options: {"timeout": 300, "memoryLimit": 1048576}
-- expect: ERR_LUA_MEMORY
-- id: e28-memory-limit-1mib
-- after: {"id": "e28-memory-limit-1mib", "code": "return State.get('e28-memory-limit-1mib.before'), State.get('e28-memory-limit-1mib.after')", "expect": "value \"1\\tnil\""}

State.set('e28-memory-limit-1mib.before', 1)
local t = {} for i = 1, math.maxinteger do t[i] = {} end
State.set('e28-memory-limit-1mib.after', 1)
