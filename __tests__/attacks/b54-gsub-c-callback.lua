-- mechanism: gsub with a C function (string.len, rawlen) as replacement over 10^7 empty matches
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b54-gsub-c-callback
-- after: {"id": "b54-gsub-c-callback", "code": "return State.get('b54-gsub-c-callback.before'), State.get('b54-gsub-c-callback.after')", "expect": "value \"1\\tnil\""}

State.set('b54-gsub-c-callback.before', 1)
local s = ('x'):rep(5000000)
while true do string.gsub(s, 'x', string.lower) end
State.set('b54-gsub-c-callback.after', 1)
