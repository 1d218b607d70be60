-- mechanism: a key of 513 bytes is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE

State.set(("k"):rep(513), 1)
