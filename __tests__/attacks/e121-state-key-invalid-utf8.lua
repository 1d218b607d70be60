-- mechanism: a key that is not UTF-8 is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE
-- id: e121-state-key-invalid-utf8

State.set("e121-state-key-invalid-utf8\xff", 1)
