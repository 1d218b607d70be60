-- mechanism: hiding addresses must keep identity: two live objects print differently, one prints the same
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local seen = {}
local keep = {}
for i = 1, 2000 do
  local o = i % 3 == 0 and {} or i % 3 == 1 and function() return i end or coroutine.create(print)
  keep[i] = o
  local s = tostring(o)
  if seen[s] then leak('duplicate ' .. s) break end
  seen[s] = true
  if tostring(o) ~= s then leak('unstable') break end
end
if tostring(print) == tostring(pairs) then leak('builtins print the same') end
if not tostring({}):find('^table: ') then leak('no table prefix') end
if not tostring(print):find('^function: ') then leak('no function prefix') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
