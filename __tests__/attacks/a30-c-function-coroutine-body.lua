-- mechanism: a coroutine whose body is a C function (pcall) with a looping argument
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a30-c-function-coroutine-body
-- after: {"id": "a30-c-function-coroutine-body", "code": "return State.get('a30-c-function-coroutine-body.before'), State.get('a30-c-function-coroutine-body.after')", "expect": "value \"1\\tnil\""}

State.set('a30-c-function-coroutine-body.before', 1)
local function loop() while true do end end
while true do
  coroutine.resume(coroutine.create(pcall), loop)
  State.set('a30-c-function-coroutine-body.after', 1)
end
