-- mechanism: the functions that API 4 lists as absent must be nil
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for _, n in ipairs{'dofile', 'loadfile', 'package', 'debug'} do if _G[n] ~= nil then leak(n) end end
if string.dump ~= nil then leak('string.dump') end
for _, n in ipairs{'execute', 'exit', 'getenv', 'remove', 'rename', 'tmpname', 'setlocale'} do if os[n] ~= nil then leak('os.' .. n) end end
for _, n in ipairs{'open', 'lines', 'read', 'popen', 'input', 'output', 'tmpfile', 'close', 'type', 'stdout', 'stdin', 'stderr'} do if io[n] ~= nil then leak('io.' .. n) end end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
