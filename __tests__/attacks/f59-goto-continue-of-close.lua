-- mechanism: a to-be-closed value left by goto, break, return and error is closed exactly once
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local n = 0
local mt = {__close = function() n = n + 1 end}
do local x <close> = setmetatable({}, mt) end
for i = 1, 3 do local x <close> = setmetatable({}, mt) if i == 2 then break end end
pcall(function() local x <close> = setmetatable({}, mt) error('x') end)
local co = coroutine.create(function() local x <close> = setmetatable({}, mt) coroutine.yield() end)
coroutine.resume(co) coroutine.close(co) coroutine.close(co)
if n ~= 5 then leak('closed ' .. n) end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
