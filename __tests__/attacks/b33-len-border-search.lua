-- mechanism: # on a huge sparse table: hash_search doubles and bisects at every call
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b33-len-border-search
-- after: {"id": "b33-len-border-search", "code": "return State.get('b33-len-border-search.before'), State.get('b33-len-border-search.after')", "expect": "value \"1\\tnil\""}

State.set('b33-len-border-search.before', 1)
local big = {} for i = 62, 0, -1 do big[1 << i] = 1 end

while true do local n = #big end
State.set('b33-len-border-search.after', 1)
