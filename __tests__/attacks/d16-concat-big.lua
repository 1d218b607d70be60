-- mechanism: concatenation of 20 MB strings, also of 200 operands at once
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: d16-concat-big
-- after: {"id": "d16-concat-big", "code": "return State.get('d16-concat-big.before'), State.get('d16-concat-big.after')", "expect": "value \"1\\tnil\""}

State.set('d16-concat-big.before', 1)
local s = ('aB'):rep(10000000)
while true do local x = s .. s .. s end
State.set('d16-concat-big.after', 1)
