-- mechanism: collectgarbage can switch the collector off, stop it or set it to generational mode
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if collectgarbage ~= nil then
  if type(collectgarbage('count')) ~= 'number' then leak('count') end
  for _, o in ipairs{'collect', 'stop', 'restart', 'step', 'setpause', 'setstepmul', 'isrunning', 'generational', 'incremental'} do
    local ok, r = pcall(collectgarbage, o, 1)
    if ok and r ~= nil then leak(o) end
  end
  local ok, r = pcall(collectgarbage)
  if ok and r ~= nil then leak('default') end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
