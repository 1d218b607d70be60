-- mechanism: doors to the debug library and registry: require, package, _LOADED through metatables
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if debug then leak('debug') end
if package then leak('package') end
for _, n in ipairs{'debug', 'io', 'os', 'package', 'ffi', 'lfs', 'string'} do
  if require then
    local ok, m = pcall(require, n)
    if ok and n ~= 'string' and m ~= nil and m ~= rawget(_G, n) then leak('require ' .. n) end
    if ok and type(m) == 'table' and (m.dump or m.getinfo or m.open or m.execute or m.loadlib) then leak('require gives ' .. n) end
  end
end
for k, v in pairs(coroutine) do if type(v) == 'table' then leak('coroutine.' .. k) end end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
