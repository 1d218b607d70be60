-- mechanism: a script whose error text imitates ERR_INTERNAL
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error(setmetatable({}, {__tostring = function() return "ERR_INTERNAL: panicked at src/lib.rs" end, __name = "LuaError"}))
