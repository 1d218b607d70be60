-- mechanism: require must not read files: path tricks in names
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
if require then
  for _, n in ipairs{'/etc/passwd', '../../etc/passwd', 'a.b.c', '', '\0', ('x'):rep(1000000), './index', 'index.js', 'C:\\x'} do
    local ok, m = pcall(require, n)
    if ok then leak(n:sub(1, 20)) end
    if not ok and tostring(m):find('/usr') then leak('search path shown') end
  end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
