-- mechanism: tokens of 10 MB: names, long strings, numerals, `[====`, and error messages that quote them
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: c64-compile-long-tokens
-- after: {"id": "c64-compile-long-tokens", "code": "return State.get('c64-compile-long-tokens.before'), State.get('c64-compile-long-tokens.after')", "expect": "value \"1\\tnil\""}

State.set('c64-compile-long-tokens.before', 1)
while true do
  pcall(load, ('a'):rep(2000000))
  pcall(load, 'x=' .. ('9'):rep(2000000))
  pcall(load, 'x=[' .. ('='):rep(2000000))
  pcall(load, 'x=[[' .. (']='):rep(1000000))
  pcall(load, 'x="' .. ('\\z '):rep(700000))
  pcall(load, 'x="' .. ('\\u{7FFFFFFF}'):rep(200000) .. '"')
end
State.set('c64-compile-long-tokens.after', 1)
