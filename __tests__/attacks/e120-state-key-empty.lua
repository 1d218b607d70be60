-- mechanism: the empty key is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE

State.set("", 1)
