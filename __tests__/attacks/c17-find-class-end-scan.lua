-- mechanism: classEnd walks a long set at every attempt although the first character already fails
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c17-find-class-end-scan
-- after: {"id": "c17-find-class-end-scan", "code": "return State.get('c17-find-class-end-scan.before'), State.get('c17-find-class-end-scan.after')", "expect": "value \"1\\tnil\""}

State.set('c17-find-class-end-scan.before', 1)
while true do string.find(('b'):rep(100000), ('[' .. ('a'):rep(100) .. ']?'):rep(150) .. 'c') end
State.set('c17-find-class-end-scan.after', 1)
