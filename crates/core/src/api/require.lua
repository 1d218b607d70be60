-- `require`: each module runs once per VM. Runs before any script, which can reach none of its locals.
local find, fail, running, is_active = ...
local setmetatable, type = setmetatable, type
local loaded, loading = {}, {}

local loads = { __close = function(load) loading[load.name] = nil end }

return function(name)
  if type(name) ~= "string" then
    fail("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")")
  end
  local value = loaded[name]
  if value ~= nil then
    return value
  end
  -- A coroutine that gave up in the middle of a load is no circle.
  if loading[name] and is_active(loading[name]) then
    fail("module '" .. name .. "' requires itself, directly or through others")
  end
  local chunk = find(name)
  if type(chunk) == "string" then
    fail(chunk)
  end
  loading[name] = running()
  local load <close> = setmetatable({ name = name }, loads)
  value = chunk(name)
  if value == nil then
    value = true
  end
  loaded[name] = value
  return value
end
