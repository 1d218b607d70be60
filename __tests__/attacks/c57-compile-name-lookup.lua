-- mechanism: a global name inside 90 nested functions of 190 locals each: 17 000 comparisons per name
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c57-compile-name-lookup
-- after: {"id": "c57-compile-name-lookup", "code": "return State.get('c57-compile-name-lookup.before'), State.get('c57-compile-name-lookup.after')", "expect": "value \"1\\tnil\""}

State.set('c57-compile-name-lookup.before', 1)
local loc = {}
for i = 1, 190 do loc[i] = 'a' .. i end
local open = 'local ' .. table.concat(loc, ',') .. ' return function() '
local s = open:rep(90) .. ('x=x '):rep(1000000) .. ('end '):rep(90)
load(s)
State.set('c57-compile-name-lookup.after', 1)
