-- mechanism: calling __gc or __close of a library object by hand frees it twice
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for name, v in pairs{null = json.null, state = State, script = script, json = json} do
  local mt = getmetatable(v)
  if type(mt) == 'table' then
    for _, m in ipairs{'__gc', '__close'} do
      local f = rawget(mt, m)
      if f then pcall(f, v) pcall(f, v) pcall(f) leak(name .. m) end
    end
  end
end
tostring(json.null) tostring(State)
if json.encode({json.null}) ~= '[null]' then leak('null broken') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
