-- mechanism: a source with 10^6 different constants
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e22-load-million-constants
-- after: {"id": "e22-load-million-constants", "code": "return State.get('e22-load-million-constants.before'), State.get('e22-load-million-constants.after')", "expect": "value \"1\\tnil\""}

State.set('e22-load-million-constants.before', 1)
local p = {} for i = 1, 400000 do p[i] = "x=" .. i .. ".5" end local s = table.concat(p, " ") local all = {} while true do all[#all + 1] = load(s) end
State.set('e22-load-million-constants.after', 1)
