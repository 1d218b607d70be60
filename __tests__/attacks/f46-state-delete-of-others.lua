-- mechanism: delete, set and list must not reach another script's keys
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "victim-f46-state-delete-of-others", "code": "State.set('f46-state-delete-of-others.secret', 's')"}
-- id: f46-state-delete-of-others
-- after: {"id": "victim-f46-state-delete-of-others", "code": "return State.get('f46-state-delete-of-others.secret')", "expect": "value \"s\""}

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local ok, r = pcall(State.delete, 'f46-state-delete-of-others.secret')
if ok and r == true then leak('deleted') end
for _, k in ipairs(State.list()) do if k == 'f46-state-delete-of-others.secret' then leak('listed') end end
for _, k in ipairs(State.list('f46-state-delete-of-others')) do leak('listed ' .. k) end
State.set('f46-state-delete-of-others.secret', 'mine')
if State.get('f46-state-delete-of-others.secret') ~= 'mine' then leak('own value') end
State.set('f46-state-delete-of-others.secret', nil)
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
