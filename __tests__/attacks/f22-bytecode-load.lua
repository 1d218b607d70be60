-- mechanism: load of binary chunks is memory-unsafe: refused in every mode
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local head = '\27Lua\x54\0\x19\x93\r\n\x1a\n\4\8\8\x78\x56\0\0\0\0\0\0\0\0\0\0\0\x28\x77\x40\1'
for _, mode in ipairs{'b', 'bt', 't', 'tb', ''} do
  local ok, f, e = pcall(load, head .. ('\0'):rep(100), 'x', mode)
  if ok and f then leak('binary ' .. mode) end
  ok, f = pcall(load, '\27', 'x', mode)
  if ok and f then leak('escape ' .. mode) end
end
if load(head) then leak('default mode') end
local n = 0
local ok, f = pcall(load, function() n = n + 1 return head:sub(n, n) ~= '' and head:sub(n, n) or nil end, 'x', 'b')
if ok and f then leak('reader') end
if string.dump then leak('string.dump') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
