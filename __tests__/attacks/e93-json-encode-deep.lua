-- mechanism: json.encode of 10^5 levels must be refused, not overflow the native stack
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e93-json-encode-deep
-- after: {"id": "e93-json-encode-deep", "code": "return State.get('e93-json-encode-deep.before'), State.get('e93-json-encode-deep.after')", "expect": "value \"1\\tnil\""}

State.set('e93-json-encode-deep.before', 1)
local t = {} for i = 1, 100000 do t = {t} end
local o = {} for i = 1, 100000 do o = {a = o} end
while true do pcall(json.encode, t) pcall(json.encode, o) pcall(State.set, 'e93-json-encode-deep.d', t) end
State.set('e93-json-encode-deep.after', 1)
