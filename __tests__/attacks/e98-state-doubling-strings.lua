-- mechanism: the same into State: over 1 MiB is refused before the text is built
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e98-state-doubling-strings

local s, t = ("x"):rep(1000000), {} for i = 1, 10000 do t[i] = s end State.set("e98-state-doubling-strings.x", t)
