-- mechanism: the metatable that json.array gives to tables is within reach: a __gc added to it must not make a finalizer
-- expect: value "contained"
local reached = getmetatable(json.array({}))
if reached then reached.__gc = function() State.set('f68-ran', 1) while true do end end end
for i = 1, 10000 do json.array({}) json.decode('[[],[1]]') end
local garbage = {}
for i = 1, 200000 do garbage = {garbage[1]} end
return State.has('f68-ran') and 'a finalizer ran' or 'contained'
