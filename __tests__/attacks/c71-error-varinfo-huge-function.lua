-- mechanism: an error in a function of 10^6 instructions: findsetreg walks all of them to name a variable
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c71-error-varinfo-huge-function
-- after: {"id": "c71-error-varinfo-huge-function", "code": "return State.get('c71-error-varinfo-huge-function.before'), State.get('c71-error-varinfo-huge-function.after')", "expect": "value \"1\\tnil\""}

State.set('c71-error-varinfo-huge-function.before', 1)
local f = load('local a, i = ... goto e ' .. 'do ' .. ('x=x '):rep(1000000) .. ' end ::e:: return (i + 1)[a].b.c')
while true do pcall(f, {}, 1) pcall(f, 'k', 2) end
State.set('c71-error-varinfo-huge-function.after', 1)
