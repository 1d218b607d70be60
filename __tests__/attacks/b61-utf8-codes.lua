-- mechanism: utf8.codes over a string of 20 MB of continuation bytes and over strict and lax text
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b61-utf8-codes
-- after: {"id": "b61-utf8-codes", "code": "return State.get('b61-utf8-codes.before'), State.get('b61-utf8-codes.after')", "expect": "value \"1\\tnil\""}

State.set('b61-utf8-codes.before', 1)
local s = 'a' .. ('\x80'):rep(20000000)
while true do
  pcall(function() for p, c in utf8.codes(s) do end end)
  pcall(function() for p, c in utf8.codes(s, true) do end end)
end
State.set('b61-utf8-codes.after', 1)
