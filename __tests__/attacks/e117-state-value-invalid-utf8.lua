-- mechanism: a string that is not UTF-8 is refused as a value
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE
-- id: e117-state-value-invalid-utf8

State.set("e117-state-value-invalid-utf8.x", "\xff")
