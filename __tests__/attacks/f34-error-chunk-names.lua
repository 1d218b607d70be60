-- mechanism: positions use the chunk name of the run, never a path of the host
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f34-error-chunk-names

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local ok, e = pcall(function() error('m') end)
if not e:find('^f34-error-chunk-names:%d+: m$') and not e:find('m$') then leak(e) end
if e:find('/') or e:find('\\') then leak(e) end
local ok, e2 = pcall(load('error("m")', '@/etc/passwd'))
if #e2 > 200 then leak('long') end
local ok, e3 = pcall(load('error("m")'))
if e3:find('/home') or e3:find('/work') then leak(e3) end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
