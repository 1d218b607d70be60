-- mechanism: values that are refused only at their very end, after megabytes of work, under pcall
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d44-json-refused-late
-- after: {"id": "d44-json-refused-late", "code": "return State.get('d44-json-refused-late.before'), State.get('d44-json-refused-late.after')", "expect": "value \"1\\tnil\""}

State.set('d44-json-refused-late.before', 1)
local t = {} for i = 1, 300000 do t[i] = i end
t[#t + 1] = print
local s = '[' .. ('1,'):rep(1000000) .. '!]'
while true do pcall(json.encode, t) pcall(State.set, 'd44-json-refused-late.x', t) pcall(json.decode, s) end
State.set('d44-json-refused-late.after', 1)
