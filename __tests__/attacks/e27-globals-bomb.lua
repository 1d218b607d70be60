-- mechanism: millions of globals and of fields in library tables
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT | ERR_LUA_RUNTIME
-- id: e27-globals-bomb
-- after: {"id": "e27-globals-bomb", "code": "return State.get('e27-globals-bomb.before'), State.get('e27-globals-bomb.after')", "expect": "value \"1\\tnil\""}

State.set('e27-globals-bomb.before', 1)
for i = 1, math.maxinteger do _G["g" .. i] = i string["s" .. i] = i end
State.set('e27-globals-bomb.after', 1)
