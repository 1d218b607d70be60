-- mechanism: a stored table is a copy: changes after State.set, or to a gotten value, must not show
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f52-state-shares-no-table

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local t = {list = {1, 2}}
State.set('f52-state-shares-no-table.t', t)
t.list[1] = 'changed'
t.self = t
local g = State.get('f52-state-shares-no-table.t')
if g == t or g.list == t.list then leak('same table') end
if g.list[1] ~= 1 then leak('shared') end
g.list[2] = 'changed'
if State.get('f52-state-shares-no-table.t').list[2] ~= 2 then leak('gotten value is live') end
if getmetatable(State.get('f52-state-shares-no-table.t')) then
  local mt = getmetatable(State.get('f52-state-shares-no-table.t'))
  if type(mt) == 'table' then pcall(function() mt.__index = function() return 'evil' end end) end
end
if State.get('f52-state-shares-no-table.t').nothing ~= nil then leak('metatable') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
