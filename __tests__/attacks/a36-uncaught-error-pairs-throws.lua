-- mechanism: an error object whose metamethods throw further such objects
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_TIMEOUT

local mt = {}
local function f() error(setmetatable({}, mt)) end
for _, k in ipairs{'__tostring', '__index', '__len', '__pairs', '__concat', '__eq', '__lt', '__call'} do mt[k] = f end
f()
