-- mechanism: warn must not write to the host's stderr or keep state between runs
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if warn then pcall(warn, '@on') pcall(warn, ('x'):rep(100000)) pcall(warn, 'a', 'b') pcall(warn, '@off') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
