-- mechanism: __metatable protects against getmetatable and setmetatable, also through rawset tricks
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local t = setmetatable({}, {__metatable = 'locked'})
if getmetatable(t) ~= 'locked' then leak('get') end
if pcall(setmetatable, t, {}) then leak('set') end
if pcall(setmetatable, {}, {__gc = print}) then leak('gc') end
if pcall(setmetatable, setmetatable({}, {}), {__gc = true}) then leak('gc true') end
local mt = setmetatable({}, {__index = {__gc = print}})
pcall(setmetatable, {}, mt)
local proxy = setmetatable({}, {__index = function(_, k) if k == '__gc' then return print end end})
pcall(setmetatable, {}, proxy)
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
