-- mechanism: math.randomseed() without arguments returns a seed component made from an address
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local a1, b1 = math.randomseed()
local a2, b2 = math.randomseed()
for _, v in ipairs{b1 or 0, b2 or 0, a1 or 0, a2 or 0} do
  if math.type(v) == 'integer' and v > 0x10000000 and v % 8 == 0 and (b1 == b2) then leak('same aligned seed ' .. v) end
  if math.type(v) == 'integer' and v > 0x500000000000 and v < 0x800000000000 then leak('seed in the range of addresses') end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
