-- mechanism: load of functions nested 10^5 deep: refused at 200 C levels, not by a crash
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e51-deep-function-nesting
-- after: {"id": "e51-deep-function-nesting", "code": "return State.get('e51-deep-function-nesting.before'), State.get('e51-deep-function-nesting.after')", "expect": "value \"1\\tnil\""}

State.set('e51-deep-function-nesting.before', 1)
local n = 100000
while true do
  load(('function f() '):rep(n) .. ('end '):rep(n))
  load('x=' .. ('('):rep(n) .. '1' .. (')'):rep(n))
  load('x=' .. ('{'):rep(n) .. ('}'):rep(n))
  load(('do '):rep(n) .. ('end '):rep(n))
  load(('if x then '):rep(n) .. ('end '):rep(n))
  load('x=' .. ('a[') :rep(n) .. '1' .. (']'):rep(n))
  load('x=' .. ('f('):rep(n) .. (')'):rep(n))
  load('x=' .. ('2^'):rep(n) .. '2')
end
State.set('e51-deep-function-nesting.after', 1)
