-- mechanism: the fourth value of a generic for is closed when the loop is left by the kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a21-for-closing-value
-- after: {"id": "a21-for-closing-value", "code": "return State.get('a21-for-closing-value.before'), State.get('a21-for-closing-value.after')", "expect": "value \"1\\tnil\""}

State.set('a21-for-closing-value.before', 1)
local function it() return true end
pcall(function()
  for _ in it, nil, nil, setmetatable({}, {__close = function() State.set('a21-for-closing-value.after', 1) while true do end end}) do end
end)
State.set('a21-for-closing-value.after', 1)
