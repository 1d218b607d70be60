-- mechanism: invalid os.date formats are errors, not undefined behaviour of strftime
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for _, f in ipairs{'%', '%E', '%Ez', '%O', '%Oz', '%Q', '%!', '%1', '%5Y', '%-d', '%_d', '%^a', '%#c', 'abc%', '%\0', '%\xff', '%EE', '%OO', '%i', '%f', '%k', '%N', '%L', '%v', '%J'} do
  if pcall(os.date, f) then leak(f) end
end
for _, t in ipairs{2^60, -2^60, math.maxinteger, math.mininteger} do
  local ok, r = pcall(os.date, '*t', math.tointeger(t))
  if ok and type(r) ~= 'table' then leak('*t') end
end
if pcall(os.date, '*t', 2^70) then leak('float time') end
if #os.date(('%Y'):rep(1000)) ~= 4000 then leak('length') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
