-- mechanism: json.encode refuses depth, cycles, functions, NaN and holes with an error that can be caught
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local deep = {} for i = 1, 100000 do deep = {deep} end
local cyc = {} cyc[1] = cyc
for name, v in pairs{deep = deep, cyc = cyc, fn = {print}, nan = {0/0}, hole = {[3] = 1}, mixed = {1, a = 1}, utf = {'\xff'}, thread = {coroutine.create(print)}, key = {[1.5] = 1}, bkey = {[true] = 1}} do
  local ok, e = pcall(json.encode, v)
  if ok then leaks[#leaks + 1] = name end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
