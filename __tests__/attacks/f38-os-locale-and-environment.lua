-- mechanism: os.setlocale, os.getenv, os.exit and friends change or show the whole process
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for _, n in ipairs{'setlocale', 'getenv', 'exit', 'execute', 'remove', 'rename', 'tmpname'} do
  if pcall(function() return os[n]('x') end) then leak(n) end
end
if string.format('%.1f', 1.5) ~= '1.5' then leak('decimal comma') end
if tonumber('1.5') ~= 1.5 then leak('number parsing') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
