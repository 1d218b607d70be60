-- mechanism: the thrown value decides what is shown of it, and waits for ever meanwhile
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- after: {"id": "a71-tostring-of-the-error-waits", "code": "return State.get('before'), State.get('after')", "expect": "value \"1\\tnil\""}

State.set('before', 1)
error(setmetatable({}, { __tostring = function() while true do sleep(0.001) end end }))
State.set('after', 1)
