-- mechanism: a constructor of a million items and one of a million named fields
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c69-compile-constructors
-- after: {"id": "c69-compile-constructors", "code": "return State.get('c69-compile-constructors.before'), State.get('c69-compile-constructors.after')", "expect": "value \"1\\tnil\""}

State.set('c69-compile-constructors.before', 1)
while true do
  load('return {' .. ('1,'):rep(1000000) .. '}')
  load('return {' .. ('a=1;'):rep(500000) .. '}')
end
State.set('c69-compile-constructors.after', 1)
