-- mechanism: negative and huge keys that force numusearray and computesizes over a 10^6 array at each insert
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c78-array-migration
-- after: {"id": "c78-array-migration", "code": "return State.get('c78-array-migration.before'), State.get('c78-array-migration.after')", "expect": "value \"1\\tnil\""}

State.set('c78-array-migration.before', 1)
local t = {}
for i = 1, 1000000 do t[i] = i end
local n = 0
while true do
  for i = 1, 4 do n = n - 1 t[n] = 1 end
  for i = n, n + 3 do t[i] = nil end
end
State.set('c78-array-migration.after', 1)
