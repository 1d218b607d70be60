-- mechanism: print of objects whose __tostring returns 1 MB
-- options: {"timeout": 300}
-- expect: ERR_LUA_OUTPUT

print(setmetatable({}, {__tostring = function() return ("x"):rep(900000) end}), setmetatable({}, {__tostring = function() return ("x"):rep(900000) end}))
