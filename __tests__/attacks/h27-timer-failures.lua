-- mechanism: timers that fail with huge and odd errors, and by names that no script has
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

for _ = 1, 8 do
  timer.at(0, function() error(("m"):rep(1000000)) end)
  timer.at(0, function() error(setmetatable({}, { __tostring = error })) end)
  timer.at(0, "nobody\0")
  timer.at(0, ("n"):rep(256))
end
while true do end
