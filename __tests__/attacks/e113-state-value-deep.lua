-- mechanism: a value nested 10^5 deep is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE
-- id: e113-state-value-deep

local t = {} for i = 1, 100000 do t = {t} end State.set("e113-state-value-deep.x", t)
