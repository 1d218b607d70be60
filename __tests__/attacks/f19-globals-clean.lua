-- mechanism: _G has no metatable tricks and no mlua or addon names
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if getmetatable(_G) ~= nil then
  for _, k in ipairs{'__SCRIPT_ID', 'mlua', '__mlua', '_LOADED', '_PRELOAD', 'registry'} do if _G[k] ~= nil then leak(k) end end
end
for k, v in pairs(_G) do
  -- `script` is the one object that is not a table; its metatable must be hidden.
  if type(v) == 'userdata' and (k ~= 'script' or type(getmetatable(v)) == 'table') then leak('userdata ' .. tostring(k)) end
  if type(k) ~= 'string' then leak('key ' .. tostring(k)) end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
