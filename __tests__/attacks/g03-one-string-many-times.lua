-- mechanism: 5 bytes on the wire are 200 in V8: one string in millions of places, each a Uint8Array
-- options: {"timeout": 2000}
-- values: {"strings": "buffer"}
-- expect: ERR_LUA_RESULT | ERR_LUA_MEMORY

local s, t = "a", {} for i = 1, 2000000 do t[i] = s end return t
