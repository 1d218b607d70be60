-- mechanism: the same through a pattern without specials, from the middle and negative init
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c22-find-plain-nospecials
-- after: {"id": "c22-find-plain-nospecials", "code": "return State.get('c22-find-plain-nospecials.before'), State.get('c22-find-plain-nospecials.after')", "expect": "value \"1\\tnil\""}

State.set('c22-find-plain-nospecials.before', 1)
local s, p = ('a'):rep(8000000), ('a'):rep(4000000) .. 'b'
while true do pcall(string.find, s, p, -7000000) pcall(string.find, s, p, 2) end
State.set('c22-find-plain-nospecials.after', 1)
