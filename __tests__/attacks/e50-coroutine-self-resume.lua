-- mechanism: a coroutine that resumes, wraps and closes itself or its parent
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e50-coroutine-self-resume
-- after: {"id": "e50-coroutine-self-resume", "code": "return State.get('e50-coroutine-self-resume.before'), State.get('e50-coroutine-self-resume.after')", "expect": "value \"1\\tnil\""}

State.set('e50-coroutine-self-resume.before', 1)
while true do
  local co
  co = coroutine.create(function()
    coroutine.resume(co) pcall(coroutine.close, co)
    local me = coroutine.running()
    coroutine.resume(coroutine.create(function() coroutine.resume(me) pcall(coroutine.close, me) coroutine.close(coroutine.create(print)) end))
  end)
  coroutine.resume(co)
  pcall(coroutine.close, (coroutine.running()))
end
State.set('e50-coroutine-self-resume.after', 1)
