-- mechanism: coroutine.resume is a protected call: a loop of resumes swallows every kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a26-resume-loop
-- after: {"id": "a26-resume-loop", "code": "return State.get('a26-resume-loop.before'), State.get('a26-resume-loop.after')", "expect": "value \"1\\tnil\""}

State.set('a26-resume-loop.before', 1)
while true do
  local ok, e = coroutine.resume(coroutine.create(function() while true do end end))
  State.set('a26-resume-loop.after', 1)
end
