-- mechanism: load(math.random) and load(os.clock) in a loop: C readers that yield malformed numerals
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b52-load-c-reader-random
-- after: {"id": "b52-load-c-reader-random", "code": "return State.get('b52-load-c-reader-random.before'), State.get('b52-load-c-reader-random.after')", "expect": "value \"1\\tnil\""}

State.set('b52-load-c-reader-random.before', 1)
while true do load(math.random) load(os.clock) load(os.date) load(string.rep) end
State.set('b52-load-c-reader-random.after', 1)
