-- mechanism: a binary chunk fed by a reader whose first piece is empty, a comment line or split in the signature
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local function feed(...)
  local p, i = {...}, 0
  return function() i = i + 1 return p[i] end
end
for i, r in ipairs{feed('\27', 'Lua'), feed('#!x\n\27Lua'), feed('\27Lua', 'T\0'), feed('', '\27Lua')} do
  local ok, f = pcall(load, r, '=x', 'bt')
  if ok and f and i < 4 then leak(i) end
end
local ok, f = pcall(load, '#!shebang\n\27Lua', '=x', 'bt')
if ok and f then leak('shebang') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
