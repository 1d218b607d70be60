-- mechanism: State.set of 2^60 nodes
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE | ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e99-state-shared-doubling

local t = {1} for i = 1, 60 do t = {t, t} end State.set("e99-state-shared-doubling.x", t)
