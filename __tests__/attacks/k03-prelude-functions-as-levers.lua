-- mechanism: functions that a prelude has kept are called under another identity, and what that may not do is tried by them
-- prelude: {"prelude": [{"name": "base", "source": "get, set, id, wait, find = State.get, State.set, function() return script.id end, sleep, require"}]}
-- setup: {"id": "victim", "code": "set('secret', 'theirs') return get('secret')"}
-- expect: value "attacker\tfalse\tERR_STATE_DENIED\ttrue"
-- id: attacker
-- after: {"id": "victim", "code": "return get('secret'), id()", "expect": "value \"theirs\\tvictim\""}

local read, denied = pcall(get, "secret")
wait(0)
return id(), read, denied.code, not pcall(find, "base")
