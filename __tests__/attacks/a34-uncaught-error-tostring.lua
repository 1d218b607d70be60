-- mechanism: an uncaught error object whose __tostring loops, called by the host after the run
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME | ERR_LUA_TIMEOUT
-- id: a34-uncaught-error-tostring

error(setmetatable({}, {__tostring = function() State.set('a34-uncaught-error-tostring.x', 1) while true do end end}))
