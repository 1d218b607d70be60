-- mechanism: an endless reader function inside load: Lua called from the compiler, which cannot yield
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a47-load-reader-loops
-- after: {"id": "a47-load-reader-loops", "code": "return State.get('a47-load-reader-loops.before'), State.get('a47-load-reader-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a47-load-reader-loops.before', 1)
while true do
  pcall(load, function() while true do end end)
  State.set('a47-load-reader-loops.after', 1)
end
