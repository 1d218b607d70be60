-- mechanism: __close that swallows errors with pcall and then loops
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a20-close-variable-pcall
-- after: {"id": "a20-close-variable-pcall", "code": "return State.get('a20-close-variable-pcall.before'), State.get('a20-close-variable-pcall.after')", "expect": "value \"1\\tnil\""}

State.set('a20-close-variable-pcall.before', 1)
local function loop() while true do end end
do
  local x <close> = setmetatable({}, {__close = function()
    while true do pcall(loop) State.set('a20-close-variable-pcall.after', 1) end
  end})
  loop()
end
