-- mechanism: the same with a default
-- options: {"timeout": 300}
-- expect: ERR_STATE_DENIED
-- setup: {"id": "victim-f48-state-denied-default", "code": "State.set('f48-state-denied-default.secret', 's')"}
-- id: f48-state-denied-default

return State.get("f48-state-denied-default.secret", "d")
