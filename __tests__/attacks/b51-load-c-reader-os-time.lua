-- mechanism: load(os.time): a C reader that feeds an endless numeral; the lexer grows its buffer with no Lua code at all
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b51-load-c-reader-os-time
-- after: {"id": "b51-load-c-reader-os-time", "code": "return State.get('b51-load-c-reader-os-time.before'), State.get('b51-load-c-reader-os-time.after')", "expect": "value \"1\\tnil\""}

State.set('b51-load-c-reader-os-time.before', 1)
load(os.time)
State.set('b51-load-c-reader-os-time.after', 1)
