-- mechanism: a script that calls itself as deep and as often as it can, on every level
-- options: {"timeout": 300}
-- scripts: {"bomb": "local n = 0 while true do n = n + 1 pcall(scripts.call, \"bomb\", (\"x\"):rep(n)) end"}
-- expect: ERR_LUA_TIMEOUT

-- Those that it calls may end at the deadline a moment before it does.
while true do
  pcall(scripts.call, "bomb")
end
