-- mechanism: s = s:gsub("x", "xx") in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e14-gsub-repeated-growth
-- after: {"id": "e14-gsub-repeated-growth", "code": "return State.get('e14-gsub-repeated-growth.before'), State.get('e14-gsub-repeated-growth.after')", "expect": "value \"1\\tnil\""}

State.set('e14-gsub-repeated-growth.before', 1)
local s = "x" while true do s = s:gsub("x", "xx") end
State.set('e14-gsub-repeated-growth.after', 1)
