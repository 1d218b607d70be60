-- mechanism: metatables of numbers, nil, functions and booleans must not exist or be settable
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for i, v in ipairs{1, 1.5, true, print} do
  if getmetatable(v) ~= nil then leak('metatable of ' .. type(v)) end
  if pcall(setmetatable, v, {}) then leak('set for ' .. type(v)) end
end
if getmetatable(nil) ~= nil then leak('nil') end
if pcall(setmetatable, coroutine.create(print), {}) then leak('thread') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
