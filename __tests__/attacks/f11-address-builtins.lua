-- mechanism: tostring of built-in functions and library tables must not tell where the binary is loaded (ASLR)
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

local list = {}
for i = 1, 3 do
  for _, lib in ipairs{_G, string, table, math, utf8, coroutine, os, json, State} do
    list[#list + 1] = tostring(lib)
    for _, f in pairs(lib) do list[#list + 1] = tostring(f) end
  end
end
local nums = {}
for _, s in ipairs(list) do
  local v = tonumber(s:match('0[xX](%x+)') or '', 16)
  if v and v > 0x500000000000 and v < 0x800000000000 then nums[#nums + 1] = v end
end
-- builtins of one library lie within some MB of each other in a binary
table.sort(nums)
local near = 0
for i = 2, #nums do if nums[i] ~= nums[i - 1] and nums[i] - nums[i - 1] < 65536 then near = near + 1 end end
if #nums > 50 and near * 2 > #nums then leak(list[20]) end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
