-- mechanism: reading another script's private key is refused
-- options: {"timeout": 300}
-- expect: ERR_STATE_DENIED
-- setup: {"id": "victim-f47-state-denied", "code": "State.set('f47-state-denied.secret', 's')"}
-- id: f47-state-denied

return State.get("f47-state-denied.secret")
