-- mechanism: keys of other types must not be coerced to another key through metamethods
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f51-state-key-types

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
State.set('f51-state-key-types.1', 'one')
local t = setmetatable({}, {__tostring = function() return 'f51-state-key-types.1' end, __name = 'f51-state-key-types.1', __index = function() return 'f51-state-key-types.1' end})
for i, k in ipairs{t, print, true, coroutine.create(print)} do
  if pcall(State.get, k) then leak('get ' .. i) end
  if pcall(State.set, k, 1) then leak('set ' .. i) end
  if pcall(State.delete, k) then leak('delete ' .. i) end
end
if pcall(State.get) then leak('get()') end
if pcall(State.set) then leak('set()') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
