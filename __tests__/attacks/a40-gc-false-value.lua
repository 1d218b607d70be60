-- mechanism: __gc = false or true (a mark without a function) is also a finaliser request: lua_setmetatable checks presence only
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
for i, v in ipairs{true, 1, 'x', print, {}} do
  local mt = {__gc = v}
  if pcall(setmetatable, {}, mt) then
    leaks[#leaks + 1] = 'accepted ' .. type(v)
  end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
