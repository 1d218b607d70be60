-- mechanism: %b with equal delimiters and with no partner, in gsub and gmatch
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c11-gsub-balance
-- after: {"id": "c11-gsub-balance", "code": "return State.get('c11-gsub-balance.before'), State.get('c11-gsub-balance.after')", "expect": "value \"1\\tnil\""}

State.set('c11-gsub-balance.before', 1)
while true do
  string.gsub(('<'):rep(1000000), '%b<>', '')
  for _ in string.gmatch(('x('):rep(500000), '%bx)') do end
end
State.set('c11-gsub-balance.after', 1)
