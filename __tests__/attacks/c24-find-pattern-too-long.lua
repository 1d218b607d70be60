-- mechanism: patterns of megabytes: malformed ends are found only after a long scan, again and again under pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c24-find-pattern-too-long
-- after: {"id": "c24-find-pattern-too-long", "code": "return State.get('c24-find-pattern-too-long.before'), State.get('c24-find-pattern-too-long.after')", "expect": "value \"1\\tnil\""}

State.set('c24-find-pattern-too-long.before', 1)
local p = '[' .. ('a'):rep(5000000)
local q = ('%'):rep(4999999)
while true do pcall(string.find, ('b'):rep(1000), p) pcall(string.gsub, 'x', q, '') pcall(string.match, 'x', ('('):rep(1000)) end
State.set('c24-find-pattern-too-long.after', 1)
