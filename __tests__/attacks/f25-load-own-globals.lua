-- mechanism: load without env must not reach globals other than the caller's
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
State_saved = State
local seen = load('return _G')()
if seen ~= _G then leak('other _G') end
local names = load('local n = {} for k in pairs(_ENV) do n[#n + 1] = tostring(k) end return n')()
for _, k in ipairs(names) do
  if k == 'debug' or k == 'package' or k == 'dofile' or k == 'loadfile' then leak(k) end
end
local os2 = load('return os')()
if os2 ~= nil and os2 ~= os then leak('other os') end
if load('return string.dump')() then leak('dump') end
if load('return io and io.open')() then leak('io.open') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
