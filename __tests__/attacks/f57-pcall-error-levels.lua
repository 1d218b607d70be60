-- mechanism: error levels and positions cannot read host frames: levels beyond the stack, negative and huge
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for _, l in ipairs{0, 1, 2, 3, 10, 1000, -1, math.maxinteger, math.mininteger} do
  local ok, e = pcall(error, 'm', l)
  if ok then leak('no error') end
  if e:find('/') or e:find('%[C%]') or e:find('%.rs') or e:find('%.c:') then leak(e) end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
