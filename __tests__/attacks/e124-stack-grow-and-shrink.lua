-- mechanism: the stack grows to 10^6 slots and shrinks again on every round
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e124-stack-grow-and-shrink
-- after: {"id": "e124-stack-grow-and-shrink", "code": "return State.get('e124-stack-grow-and-shrink.before'), State.get('e124-stack-grow-and-shrink.after')", "expect": "value \"1\\tnil\""}

State.set('e124-stack-grow-and-shrink.before', 1)
local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end
while true do f(60000) for i = 1, 100 do local t = {} end end
State.set('e124-stack-grow-and-shrink.after', 1)
