-- mechanism: load with hostile arguments: modes, names and environments
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local env = {}
for _, args in ipairs{{'return 1', {}, 't'}, {'return 1', 'x', {}}, {{}, 'x'}, {nil}, {1, 'x', 1}} do pcall(load, table.unpack(args, 1, 3)) end
local f = load('return ...', ('n'):rep(1000000))
local ok, e = pcall(load('error("x")', '=' .. ('n'):rep(1000000)))
if #tostring(e) > 1000 then leak('long chunk name ' .. #e) end
local g = load('x_leak = 1')
g()
if _G.x_leak ~= 1 then leak('load does not run in the caller\'s globals') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
