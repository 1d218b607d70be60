-- mechanism: the chain in the order that defeats the alternating direction
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c46-ephemeron-shuffled
-- after: {"id": "c46-ephemeron-shuffled", "code": "return State.get('c46-ephemeron-shuffled.before'), State.get('c46-ephemeron-shuffled.after')", "expect": "value \"1\\tnil\""}

State.set('c46-ephemeron-shuffled.before', 1)
local e = setmetatable({}, {__mode = 'k'})
local n = 50000
local keys = {}
for i = 1, n do keys[i] = {} end
local perm = {}
for i = 1, n do perm[i] = i end
for i = n, 2, -1 do local j = math.random(i) perm[i], perm[j] = perm[j], perm[i] end
for i = 1, n - 1 do e[keys[perm[i]]] = {keys[perm[i + 1]]} end
local first = keys[perm[1]]
keys = nil
while true do local t = ('x'):rep(100) .. math.random() end
State.set('c46-ephemeron-shuffled.after', 1)
