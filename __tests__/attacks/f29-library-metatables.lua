-- mechanism: metatables of State, json, script, json.null and library errors must not hand out internals
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local function probe(name, v)
  local ok, mt = pcall(getmetatable, v)
  if ok and type(mt) == 'table' then
    for k, x in pairs(mt) do
      if k == '__gc' then leak(name .. '.__gc') end
      if k == '__index' and type(x) == 'table' and rawget(x, '__gc') then leak(name .. '.__index') end
    end
    pcall(function() mt.__index = function() return 'evil' end end)
    pcall(function() mt.__tostring = function() return 'evil' end end)
  end
end
probe('State', State) probe('json', json) probe('script', script) probe('json.null', json.null)
local ok, e = pcall(State.set, '', 1)
probe('error', e)
local ok2, e2 = pcall(State.set, '', 1)
if tostring(e2) == 'evil' then leak('error metatable shared and writable') end
if script.id == 'evil' then leak('script') end
if json.encode(json.null) ~= 'null' then leak('null') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
