-- mechanism: a value of 40 MB is refused without copying it several times
-- options: {"timeout": 2000}
-- expect: ERR_STATE_VALUE | ERR_LUA_MEMORY
-- id: e112-state-value-60mb

State.set("e112-state-value-60mb.x", ("x"):rep(40000000))
