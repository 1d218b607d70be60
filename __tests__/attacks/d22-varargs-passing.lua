-- mechanism: 15000 varargs passed down 4 levels and copied at each
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d22-varargs-passing
-- after: {"id": "d22-varargs-passing", "code": "return State.get('d22-varargs-passing.before'), State.get('d22-varargs-passing.after')", "expect": "value \"1\\tnil\""}

State.set('d22-varargs-passing.before', 1)
local t = {} for i = 1, 15000 do t[i] = i end
local function a(...) return select('#', ...) end
local function b(...) return a(...) + a(...) end
local function c(...) return b(...) + b(...) end
while true do c(table.unpack(t)) end
State.set('d22-varargs-passing.after', 1)
