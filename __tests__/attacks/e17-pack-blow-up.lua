-- mechanism: string.pack("c1000000000") asks for 1 GB
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY
-- id: e17-pack-blow-up
-- after: {"id": "e17-pack-blow-up", "code": "return State.get('e17-pack-blow-up.before'), State.get('e17-pack-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e17-pack-blow-up.before', 1)
local n = #string.pack("c1000000000", "")
State.set('e17-pack-blow-up.after', 1)
