-- mechanism: comments of megabytes, and blanks that '\z' skips: nothing of them is kept, and they are no tokens
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c82-compile-comments
-- after: {"id": "c82-compile-comments", "code": "return State.get('c82-compile-comments.before'), State.get('c82-compile-comments.after')", "expect": "value \"1\\tnil\""}

State.set('c82-compile-comments.before', 1)
local sources = {'--' .. ('x'):rep(8 << 20), '--[[' .. ('x'):rep(8 << 20), '"\\z' .. (' '):rep(8 << 20)}
while true do
  for _, source in ipairs(sources) do load(source) end
end
State.set('c82-compile-comments.after', 1)
