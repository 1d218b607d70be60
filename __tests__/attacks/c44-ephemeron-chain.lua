-- mechanism: a chain of 60 000 ephemerons in one weak-keyed table, in scattered order: the atomic phase converges quadratically
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c44-ephemeron-chain
-- after: {"id": "c44-ephemeron-chain", "code": "return State.get('c44-ephemeron-chain.before'), State.get('c44-ephemeron-chain.after')", "expect": "value \"1\\tnil\""}

State.set('c44-ephemeron-chain.before', 1)
local e = setmetatable({}, {__mode = 'k'})
local n, keys = 60000, {}
for i = 0, n - 1 do keys[i * 7919 % n] = {} end
for i = 0, n - 2 do e[keys[i]] = keys[i + 1] end
local first = keys[0]
keys = nil
while true do local t = {} end
State.set('c44-ephemeron-chain.after', 1)
