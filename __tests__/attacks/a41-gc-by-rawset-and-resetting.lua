-- mechanism: rawset(mt, "__gc", f) and then setting the same metatable again would mark the object for finalisation
-- options: {"timeout": 300}
-- expect: value "contained"

local ran, leaks = 0, {}
local mt = {}
local t = setmetatable({}, mt)
rawset(mt, '__gc', function() ran = ran + 1 while true do end end)
if pcall(setmetatable, t, mt) then leaks[1] = 'setmetatable again took __gc' end
if pcall(setmetatable, {}, mt) then leaks[2] = 'new object took __gc' end
t = nil
for i = 1, 1e5 do local x = {} end
if ran > 0 then leaks[#leaks + 1] = 'ran' end
return next(leaks) == nil and 'contained' or 'leak' 
