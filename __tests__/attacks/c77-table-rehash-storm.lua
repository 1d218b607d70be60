-- mechanism: a table whose size sits at a power of two, filled and emptied so that each round counts and rehashes all keys
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c77-table-rehash-storm
-- after: {"id": "c77-table-rehash-storm", "code": "return State.get('c77-table-rehash-storm.before'), State.get('c77-table-rehash-storm.after')", "expect": "value \"1\\tnil\""}

State.set('c77-table-rehash-storm.before', 1)
local t = {}
for i = 1, 1 << 17 do t['k' .. i] = true end
while true do
  for i = 1, 10 do t[{}] = true end
  for k in pairs(t) do if type(k) == 'table' then t[k] = nil end end
end
State.set('c77-table-rehash-storm.after', 1)
