-- mechanism: ids that are prefixes of other ids (a, a/b) with keys that complete them
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "f49-state-prefix-ids/b", "code": "State.set('f49-state-prefix-ids.k', 's')"}
-- id: f49-state-prefix-ids
-- after: {"id": "f49-state-prefix-ids/b", "code": "return State.get('f49-state-prefix-ids.k'), #State.list()", "expect": "value \"s\\t1\""}

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for _, k in ipairs{'b/f49-state-prefix-ids.k', '/b/f49-state-prefix-ids.k', 'b:f49-state-prefix-ids.k', 'b\0f49-state-prefix-ids.k', '../f49-state-prefix-ids.k', 'f49-state-prefix-ids/b/f49-state-prefix-ids.k'} do
  local ok, v = pcall(State.get, k)
  if ok and v == 's' then leak(k) end
end
for _, k in ipairs(State.list()) do leak('lists ' .. k) end
for _, p in ipairs{'b', 'b/', '/', 'f49-state-prefix-ids', ''} do for _, k in ipairs(State.list(p)) do leak('lists ' .. k) end end
State.set('b/f49-state-prefix-ids.k', 'forged')
State.set('b\0f49-state-prefix-ids.k', 'forged')
State.set('b:f49-state-prefix-ids.k', 'forged')
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
