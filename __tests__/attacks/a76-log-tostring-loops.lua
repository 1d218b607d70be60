-- mechanism: log calls __tostring from C: a looping one under pcall, in a sort, and nothing of it after the kill
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a76-log-tostring-loops
-- after: {"id": "a76-log-tostring-loops", "code": "return State.get('a76-log-tostring-loops.before'), State.get('a76-log-tostring-loops.after')", "expect": "value \"1\\tnil\""}

State.set('a76-log-tostring-loops.before', 1)
local t = setmetatable({}, {__tostring = function() while true do end end, __close = function() log.error('closed') State.set('a76-log-tostring-loops.after', 1) end})
local c <close> = t
while true do
  pcall(table.sort, {3, 2, 1}, function(a, b) log.info(t) return a < b end)
  State.set('a76-log-tostring-loops.after', 1)
end
