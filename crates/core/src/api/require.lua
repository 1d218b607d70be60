-- `require`: each module runs once per VM. It may run after a script, which has replaced what it could reach: globals are not
-- used here.
local find, fail, running, is_active, mark, kind = ...
local loaded, loading = {}, {}

local loads = { __close = function(load) loading[load.name] = nil end }

-- Errors are raised where the function at this level was called; 1 is the function itself.
local function requirer(level)
  return function(name)
    if kind(name) ~= "string" then
      fail("bad argument #1 to 'require' (string expected, got " .. kind(name) .. ")", level)
    end
    local value = loaded[name]
    if value ~= nil then
      return value
    end
    -- A coroutine that gave up in the middle of a load is no circle.
    if loading[name] and is_active(loading[name]) then
      fail("module '" .. name .. "' requires itself, directly or through others", level)
    end
    local chunk = find(name)
    if kind(chunk) == "string" then
      fail(chunk, level)
    end
    loading[name] = running()
    local load <close> = mark({ name = name }, loads)
    value = chunk(name)
    if value == nil then
      value = true
    end
    loaded[name] = value
    return value
  end
end

return requirer(1), requirer(2)
