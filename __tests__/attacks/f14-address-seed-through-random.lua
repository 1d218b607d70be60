-- mechanism: the first random numbers of fresh VMs must differ: a fixed or address-only seed can be guessed
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "f14-address-seed-through-random", "code": "State.set('f14-address-seed-through-random.r', math.random(0))"}
-- id: f14-address-seed-through-random

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local last = State.get('f14-address-seed-through-random.r')
if last == nil then leak('setup missing') end
if last == math.random(0) then leak('same first random number') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
