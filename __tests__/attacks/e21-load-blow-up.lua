-- mechanism: load of big sources whose functions are kept
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e21-load-blow-up
-- after: {"id": "e21-load-blow-up", "code": "return State.get('e21-load-blow-up.before'), State.get('e21-load-blow-up.after')", "expect": "value \"1\\tnil\""}

State.set('e21-load-blow-up.before', 1)
local all = {} while true do all[#all + 1] = load("return {" .. ("1,"):rep(100000) .. "}") end
State.set('e21-load-blow-up.after', 1)
