-- mechanism: an uncaught error object whose every metamethod loops or throws
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_TIMEOUT

local function f() while true do end end
error(setmetatable({}, {__tostring = f, __name = ('n'):rep(1e5), __index = f, __len = f, __pairs = f, __concat = f, __call = f, __eq = f, __close = f}))
