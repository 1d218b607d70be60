-- mechanism: the chain spread over 50 000 weak-keyed tables of one entry each, met in scattered order
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c45-ephemeron-many-tables
-- after: {"id": "c45-ephemeron-many-tables", "code": "return State.get('c45-ephemeron-many-tables.before'), State.get('c45-ephemeron-many-tables.after')", "expect": "value \"1\\tnil\""}

State.set('c45-ephemeron-many-tables.before', 1)
local mt, all, n = {__mode = 'k'}, {}, 50000
for i = 1, n do all[i] = setmetatable({}, mt) end
local first = {}
local prev = first
for i = 0, n - 1 do
  local k = {}
  all[i * 7919 % n + 1][prev] = k
  prev = k
end
prev = nil
while true do local t = {} end
State.set('c45-ephemeron-many-tables.after', 1)
