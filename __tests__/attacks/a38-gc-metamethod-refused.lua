-- mechanism: __gc would run at any allocation and at lua_close with hooks off
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local ran = 0
local f = function() ran = ran + 1 while true do end end
local ok, e = pcall(setmetatable, {}, {__gc = f})
if ok then leaks[#leaks + 1] = 'setmetatable took __gc' end
if not tostring(e):find('__gc', 1, true) then leaks[#leaks + 1] = 'unclear error' end
local mt = {}
for i = 1, 100 do setmetatable({}, mt) end
mt.__gc = f
for i = 1, 20000 do local x = {{}} end
local mt2 = setmetatable({}, {__index = {__gc = f}})
pcall(setmetatable, {}, mt2)
for i = 1, 20000 do local x = {{}} end
if ran ~= 0 then leaks[#leaks + 1] = 'finaliser ran' end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
