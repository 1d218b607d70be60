-- mechanism: string.rep over 2 GiB is refused by Lua itself ("resulting string too large"), again and again
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: e03-rep-two-gib
-- after: {"id": "e03-rep-two-gib", "code": "return State.get('e03-rep-two-gib.before'), State.get('e03-rep-two-gib.after')", "expect": "value \"1\\tnil\""}

State.set('e03-rep-two-gib.before', 1)
while true do
  pcall(string.rep, 'x', 1 << 31)
  pcall(string.rep, 'x', math.maxinteger)
  pcall(string.rep, ('x'):rep(1000), math.maxinteger // 999)
end
State.set('e03-rep-two-gib.after', 1)
