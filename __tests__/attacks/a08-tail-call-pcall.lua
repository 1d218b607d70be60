-- mechanism: endless tail calls through pcall: each level catches the kill of the next
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a08-tail-call-pcall
-- after: {"id": "a08-tail-call-pcall", "code": "return State.get('a08-tail-call-pcall.before'), State.get('a08-tail-call-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('a08-tail-call-pcall.before', 1)
local function f()
  pcall(function() for i = 1, 1e7 do end end)
  if os.clock() > 1e9 then return end
  return f()
end
f()
State.set('a08-tail-call-pcall.after', 1)
