-- mechanism: a key of 10 MB is refused quickly by every State function
-- options: {"timeout": 2000}
-- expect: value "contained"

local k, leaks = ('k'):rep(10000000), {}
for name, f in pairs(State) do
  if type(f) == 'function' and name ~= 'list' then
    local ok, e = pcall(f, k, 1)
    if ok then leaks[#leaks + 1] = name end
  end
end
for _, name in ipairs{'get', 'set', 'has', 'delete'} do
  if pcall(State[name], k, 1) then leaks[#leaks + 1] = name end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
