-- mechanism: a tampered library error that is thrown again: a code outside the contract must not come out
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE | ERR_LUA_RUNTIME

local ok, e = pcall(State.set, "", 1) pcall(function() e.code = "ERR_LUA_TIMEOUT" end) pcall(function() e.message = nil end) error(e)
