-- mechanism: text that takes two bytes for each character in V8, because of its last one
-- options: {"timeout": 2000}
-- expect: ERR_LUA_MEMORY

return ("x"):rep(28000000) .. "\u{20AC}"
