-- mechanism: the memory kill inside a sort comparator, a gsub callback and a load reader, all under pcall
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY
-- id: a56-memory-kill-in-callback
-- after: {"id": "a56-memory-kill-in-callback", "code": "return State.get('a56-memory-kill-in-callback.before'), State.get('a56-memory-kill-in-callback.after')", "expect": "value \"1\\tnil\""}

State.set('a56-memory-kill-in-callback.before', 1)
local function hog() return ('x'):rep(1 << 29) end
pcall(table.sort, {2, 1, 3}, hog) State.set('a56-memory-kill-in-callback.after', 1)
pcall(string.gsub, 'a', 'a', hog) State.set('a56-memory-kill-in-callback.after', 1)
pcall(load, hog) State.set('a56-memory-kill-in-callback.after', 1)
