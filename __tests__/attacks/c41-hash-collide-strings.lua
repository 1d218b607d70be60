-- mechanism: short strings: half a million different keys, re-interned and removed again to stress the string table and its resizing
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c41-hash-collide-strings
-- after: {"id": "c41-hash-collide-strings", "code": "return State.get('c41-hash-collide-strings.before'), State.get('c41-hash-collide-strings.after')", "expect": "value \"1\\tnil\""}

State.set('c41-hash-collide-strings.before', 1)
while true do
  local t = {}
  for i = 1, 200000 do t['k' .. i] = true end
  t = nil
end
State.set('c41-hash-collide-strings.after', 1)
