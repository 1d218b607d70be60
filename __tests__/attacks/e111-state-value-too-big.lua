-- mechanism: a value over 1 MiB is refused
-- options: {"timeout": 2000}
-- expect: ERR_STATE_VALUE
-- id: e111-state-value-too-big
-- after: {"id": "e111-state-value-too-big", "code": "return State.get('e111-state-value-too-big.x', 'none')", "expect": "value \"none\""}

State.set("e111-state-value-too-big.x", ("x"):rep(2000000))
