-- mechanism: weak-valued and all-weak tables of 3*10^5 entries, cleared by every collection
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c48-weak-values-churn
-- after: {"id": "c48-weak-values-churn", "code": "return State.get('c48-weak-values-churn.before'), State.get('c48-weak-values-churn.after')", "expect": "value \"1\\tnil\""}

State.set('c48-weak-values-churn.before', 1)
local w = setmetatable({}, {__mode = 'v'})
local kv = setmetatable({}, {__mode = 'kv'})
while true do
  for i = 1, 100000 do w[i] = {} kv[{}] = i end
end
State.set('c48-weak-values-churn.after', 1)
