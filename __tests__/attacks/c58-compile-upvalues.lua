-- mechanism: 255 upvalues searched by name for every use
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c58-compile-upvalues
-- after: {"id": "c58-compile-upvalues", "code": "return State.get('c58-compile-upvalues.before'), State.get('c58-compile-upvalues.after')", "expect": "value \"1\\tnil\""}

State.set('c58-compile-upvalues.before', 1)
local d, u = {}, {}
for i = 1, 190 do d[i] = 'v' .. i end
local l = table.concat(d, ',')
local s = 'local ' .. l .. ' return function() local a=' .. d[1] .. ' local function g() return ' .. l .. ' end local function h() local t = {' .. l .. '} ' .. ('v190=v189 '):rep(1000000) .. ' end end'
while true do load(s) end
State.set('c58-compile-upvalues.after', 1)
