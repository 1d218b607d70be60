-- mechanism: a cyclic value is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE
-- id: e114-state-value-cyclic

local t = {} t[1] = t State.set("e114-state-value-cyclic.x", t)
