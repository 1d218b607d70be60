-- mechanism: plain find of NUL runs: memchr semantics over embedded zeros
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c23-find-plain-nul
-- after: {"id": "c23-find-plain-nul", "code": "return State.get('c23-find-plain-nul.before'), State.get('c23-find-plain-nul.after')", "expect": "value \"1\\tnil\""}

State.set('c23-find-plain-nul.before', 1)
string.find(('\0'):rep(6000000), ('\0'):rep(3000000) .. '\1', 1, true)
State.set('c23-find-plain-nul.after', 1)
