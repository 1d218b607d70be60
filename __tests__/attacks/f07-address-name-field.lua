-- mechanism: __name replaces the type name, the address stays
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
-- numbers that look like addresses: all large and all equal modulo 8
local function looks_like_addresses(list)
  local nums, n = {}, 0
  for _, s in ipairs(list) do
    local h = s:match('0[xX](%x+)') or s:match('(%x%x%x%x%x%x%x%x+)') or s:match('(%d+)%D*$')
    local v = h and (tonumber(h, 16) or tonumber(h))
    if v then n = n + 1 nums[n] = v end
  end
  if n < 50 then return false end
  local r = nums[1] % 8
  for i = 1, n do if nums[i] < 65536 or nums[i] % 8 ~= r then return false end end
  return true
end
local list, keep = {}, {}
for i = 1, 300 do
  keep[i] = setmetatable({}, {__name = "N"}) list[i] = tostring(keep[i])
end
if looks_like_addresses(list) then leak(list[1]) end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
