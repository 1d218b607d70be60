-- mechanism: NaN as a value is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE
-- id: e116-state-value-nan

State.set("e116-state-value-nan.x", 0/0)
