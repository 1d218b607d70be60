-- mechanism: string.pack with many large paddings
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY
-- id: e18-pack-many-blow-up
-- after: {"id": "e18-pack-many-blow-up", "code": "return State.get('e18-pack-many-blow-up.before'), State.get('e18-pack-many-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e18-pack-many-blow-up.before', 1)
local n = #string.pack(("c10000000"):rep(20), table.unpack((function() local t = {} for i = 1, 20 do t[i] = "" end return t end)()))
State.set('e18-pack-many-blow-up.after', 1)
