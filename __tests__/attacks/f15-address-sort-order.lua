-- mechanism: ordering or hashing by address must not be readable: rawequal, <, and table order only
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local a, b = {}, {}
if pcall(function() return a < b end) then leak('tables are ordered') end
if pcall(function() return print < print end) then leak('functions are ordered') end
if pcall(function() return a .. '' end) then leak('concatenated') end
if pcall(function() return a + 0 end) then leak('arithmetic') end
if tonumber(tostring(a)) then leak('number') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
