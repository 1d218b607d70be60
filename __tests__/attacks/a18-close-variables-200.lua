-- mechanism: 190 <close> variables in one frame: each __close would get its own chance to run after the kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a18-close-variables-200
-- after: {"id": "a18-close-variables-200", "code": "return State.get('a18-close-variables-200.before'), State.get('a18-close-variables-200.after')", "expect": "value \"1\\tnil\""}

State.set('a18-close-variables-200.before', 1)
local src = {'local mt = ... '}
for i = 1, 190 do src[#src + 1] = ('local v%d <close> = setmetatable({}, mt) '):format(i) end
src[#src + 1] = 'while true do end'
local f = load(table.concat(src))
pcall(f, {__close = function() State.set('a18-close-variables-200.after', 1) while true do end end})
State.set('a18-close-variables-200.after', 1)
