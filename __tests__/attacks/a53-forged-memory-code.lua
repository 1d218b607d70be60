-- mechanism: error{code="ERR_STATE_DENIED"} by a script is not a State refusal
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

error{code = 'ERR_STATE_DENIED', message = 'x'}
