-- mechanism: a script that throws what looks like a kill: the outcome must come from the host's flags, not from the error value
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error(setmetatable({code = 'ERR_LUA_TIMEOUT', message = 'timeout', limit = 'timeout'}, {__tostring = function() return 'ERR_LUA_TIMEOUT: timeout' end}))
