-- mechanism: __close that throws replaces the kill's error object with its own, so an outer pcall sees an ordinary error
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a19-close-variable-errors
-- after: {"id": "a19-close-variable-errors", "code": "return State.get('a19-close-variable-errors.before'), State.get('a19-close-variable-errors.after')", "expect": "value \"1\\tnil\""}

State.set('a19-close-variable-errors.before', 1)
local mt = {__close = function() error('mine') end}
while true do
  local ok, e = pcall(function()
    local a <close> = setmetatable({}, mt)
    local b <close> = setmetatable({}, mt)
    while true do end
  end)
  State.set('a19-close-variable-errors.after', 1)
end
