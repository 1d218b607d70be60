-- mechanism: a scattered chain collected by an emergency collection, near the memory limit
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c47-ephemeron-at-emergency
-- after: {"id": "c47-ephemeron-at-emergency", "code": "return State.get('c47-ephemeron-at-emergency.before'), State.get('c47-ephemeron-at-emergency.after')", "expect": "value \"1\\tnil\""}

State.set('c47-ephemeron-at-emergency.before', 1)
local e = setmetatable({}, {__mode = 'k'})
local n, keys = 60000, {}
for i = 0, n - 1 do keys[i * 7919 % n] = {} end
for i = 0, n - 2 do e[keys[i]] = keys[i + 1] end
local first = keys[0]
keys = nil
local hold = ('x'):rep(20000000)
while true do local s = ('y'):rep(15000000) .. #hold end
State.set('c47-ephemeron-at-emergency.after', 1)
