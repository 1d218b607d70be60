-- mechanism: globals, library fields and metatables changed by a run must not be there in the next
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "f54-vm-globals-not-shared", "code": "x_leak = 1 string.x_leak = 1 string.x_leak2 = 1 tostring = print math.huge = 1 pcall(function() getmetatable(json.null).x = 1 end) pcall(function() json.encode = nil State.get = nil end)"}
-- id: f54-vm-globals-not-shared

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if x_leak ~= nil then leak('global') end
if string.x_leak ~= nil then leak('string library') end
if ('').x_leak2 ~= nil then leak('string methods') end
if tostring(1) ~= '1' then leak('tostring') end
if getmetatable(json.null) and type(getmetatable(json.null)) == 'table' and getmetatable(json.null).x then leak('null metatable') end
if math.huge ~= 1/0 then leak('math') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
