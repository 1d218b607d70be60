-- mechanism: an endless gsub callback: Lua called from a C loop that cannot yield
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a45-gsub-callback-loops
-- after: {"id": "a45-gsub-callback-loops", "code": "return State.get('a45-gsub-callback-loops.before'), State.get('a45-gsub-callback-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a45-gsub-callback-loops.before', 1)
while true do
  pcall(string.gsub, 'aaa', 'a', function() while true do end end)
  State.set('a45-gsub-callback-loops.after', 1)
end
