-- mechanism: replacing string metamethods for arithmetic through getmetatable
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local mt = getmetatable('')
if type(mt) == 'table' then
  for _, k in ipairs{'__add', '__unm', '__concat', '__lt', '__eq', '__tostring', '__name', '__close', '__gc'} do
    pcall(function() mt[k] = function() return 'leak' end end)
    pcall(rawset, mt, k, function() return 'leak' end)
  end
end
if '1' + 1 ~= 2 then leak('arith') end
if -'2' ~= -2 then leak('unm') end
if pcall(function() return 'a' + 1 end) then leak('add') end
if tostring('x') ~= 'x' then leak('tostring') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
