-- mechanism: luaL_argerror looks the function up in package.loaded: with 3*10^5 globals each caught error walks all of them
-- options: {"timeout": 300, "memoryLimit": 134217728}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d36-argument-errors-with-huge-globals
-- after: {"id": "d36-argument-errors-with-huge-globals", "code": "return State.get('d36-argument-errors-with-huge-globals.before'), State.get('d36-argument-errors-with-huge-globals.after')", "expect": "value \"1\\tnil\""}

State.set('d36-argument-errors-with-huge-globals.before', 1)
for i = 1, 300000 do _G['g' .. i] = i end
local f = string.rep
string.rep = nil
while true do pcall(f) end
State.set('d36-argument-errors-with-huge-globals.after', 1)
