-- mechanism: keys with NUL, newline and control characters stay separate keys or are refused
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f50-state-keys-with-nul

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local keys = {'f50-state-keys-with-nul\0a', 'f50-state-keys-with-nul\0', 'f50-state-keys-with-nul', 'f50-state-keys-with-nul\n', 'f50-state-keys-with-nul\na', 'f50-state-keys-with-nul\r', 'f50-state-keys-with-nul\1', 'f50-state-keys-with-nul ', ' f50-state-keys-with-nul', 'f50-state-keys-with-nul%', 'f50-state-keys-with-nul_', 'f50-state-keys-with-nul*', "f50-state-keys-with-nul'", 'f50-state-keys-with-nul"', 'f50-state-keys-with-nul\\', 'f50-state-keys-with-nul;--', 'f50-state-keys-with-nul\u{200b}', 'f50-state-keys-with-nul\u{e9}', 'f50-state-keys-with-nule\u{301}'}
local stored = {}
for i, k in ipairs(keys) do if pcall(State.set, k, i) then stored[k] = i end end
for k, i in pairs(stored) do if State.get(k) ~= i then leak(i) end end
local n = 0
for _ in pairs(stored) do n = n + 1 end
if #State.list() ~= n then leak('list ' .. #State.list() .. ' of ' .. n) end
local l = State.list()
local function before(a, b)
  for j = 1, math.min(#a, #b) do
    if a:byte(j) ~= b:byte(j) then return a:byte(j) < b:byte(j) end
  end
  return #a < #b
end
for i = 2, #l do if not before(l[i - 1], l[i]) then leak('order') end end
for k in pairs(stored) do State.delete(k) end
if #State.list() ~= 0 then leak('left') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
