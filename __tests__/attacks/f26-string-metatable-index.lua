-- mechanism: getmetatable("").__index.x = f changes the methods of all strings
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
pcall(function() getmetatable('').__index.x_leak = function() return 'leak' end end)
pcall(function() getmetatable('').__index = function() return 'leak' end end)
pcall(function() getmetatable('').__add = function() return 'leak' end end)
pcall(function() getmetatable('').__metatable = nil end)
pcall(function() rawset(getmetatable(''), '__index', nil) end)
pcall(setmetatable, '', {__index = {}})
local mt = getmetatable('')
if type(mt) == 'table' then
  pcall(rawset, mt, '__len', function() return 1 end)
  pcall(rawset, mt, '__call', function() return 'called' end)
  for k, v in pairs(mt) do pcall(function() mt[k] = nil end) end
end
if (function() local ok, v = pcall(function() return ('').nothing end) return ok and v end)() then leak('__index changed') end
if ('abc'):upper() ~= 'ABC' then leak('methods gone') end
if pcall(function() return ('')() end) then leak('strings callable') end
if #'abc' ~= 3 then leak('len') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
