-- mechanism: metatables, functions and weak modes do not cross through State
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f53-state-no-metatables-cross

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
State.set('f53-state-no-metatables-cross.m', setmetatable({1}, {__index = function() return 'evil' end, __mode = 'k'}))
local v = State.get('f53-state-no-metatables-cross.m')
if v.x ~= nil or v[2] ~= nil then leak('metatable crossed') end
if pcall(State.set, 'f53-state-no-metatables-cross.f', print) then leak('function stored') end
if pcall(State.set, 'f53-state-no-metatables-cross.c', coroutine.create(print)) then leak('thread stored') end
if pcall(State.set, 'f53-state-no-metatables-cross.s', State) then leak('State stored') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
