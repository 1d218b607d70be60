-- mechanism: the chunk's varargs and _ENV must not carry host values
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if select('#', ...) ~= 0 then leak('varargs ' .. select('#', ...)) end
if _ENV ~= _G then leak('_ENV') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
