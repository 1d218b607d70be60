-- `require`: each module runs once per VM. Runs before any script, which can reach none of its locals.
local find = ...
local error, setmetatable, type = error, setmetatable, type
local loaded, loading, depth = {}, {}, 0

local function leave(entry)
  loading[entry.name], depth = nil, depth - 1
end
local entry_metatable = { __close = leave }

return function(name)
  if type(name) ~= "string" then
    error("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")", 2)
  end
  local value = loaded[name]
  if value ~= nil then
    return value
  end
  if loading[name] then
    error("module '" .. name .. "' requires itself, directly or through others", 2)
  end
  if depth == 100 then
    error("modules require each other more than 100 levels deep", 2)
  end
  local chunk = find(name)
  if type(chunk) == "string" then
    error(chunk, 2)
  end
  loading[name], depth = true, depth + 1
  local entry <close> = setmetatable({ name = name }, entry_metatable)
  value = chunk(name)
  if value == nil then
    value = true
  end
  loaded[name] = value
  return value
end
