-- mechanism: the object that pcall returns for a kill is kept and rethrown later as an ordinary error
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a50-kill-object-kept
-- after: {"id": "a50-kill-object-kept", "code": "return State.get('a50-kill-object-kept.before'), State.get('a50-kill-object-kept.after')", "expect": "value \"1\\tnil\""}

State.set('a50-kill-object-kept.before', 1)
local kept = {}
while true do
  local ok, e = pcall(function() while true do end end)
  kept[#kept + 1] = e
  State.set('a50-kill-object-kept.after', 1)
  pcall(error, e)
  pcall(error, e, 0)
end
