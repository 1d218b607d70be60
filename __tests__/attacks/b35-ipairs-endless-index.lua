-- mechanism: ipairs with __index = a C function never finds nil
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b35-ipairs-endless-index
-- after: {"id": "b35-ipairs-endless-index", "code": "return State.get('b35-ipairs-endless-index.before'), State.get('b35-ipairs-endless-index.after')", "expect": "value \"1\\tnil\""}

State.set('b35-ipairs-endless-index.before', 1)
for _ in ipairs(setmetatable({}, {__index = type})) do end
State.set('b35-ipairs-endless-index.after', 1)
