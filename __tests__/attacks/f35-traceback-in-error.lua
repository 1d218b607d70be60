-- mechanism: error values must not carry a traceback with C functions or host frames
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local function deep(n) if n == 0 then State.set({}, {}) end deep(n - 1) return n end
local ok, e = pcall(deep, 10)
local s = tostring(e)
if s:find('stack traceback') then leak('traceback in tostring') end
if s:find('%[C%]') then leak('[C]') end
if s:find('\n') then leak('more than a line') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
