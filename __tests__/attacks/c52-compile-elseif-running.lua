-- mechanism: the same under 1 MiB of source through repeated loads under pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c52-compile-elseif-running
-- after: {"id": "c52-compile-elseif-running", "code": "return State.get('c52-compile-elseif-running.before'), State.get('c52-compile-elseif-running.after')", "expect": "value \"1\\tnil\""}

State.set('c52-compile-elseif-running.before', 1)
local s = 'local x if x then x=1 ' .. ('elseif x then x=1 '):rep(40000) .. 'end'
while true do pcall(load, s) end
State.set('c52-compile-elseif-running.after', 1)
