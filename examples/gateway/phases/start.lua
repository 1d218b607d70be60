-- Once, when the gateway starts: a timer that adds up what was counted.
local seconds = ...

-- The function runs in another VM each time. It also runs when the engine closes, before its time has come.
assert(timer.every(seconds, function()
  for _, route in ipairs(Shared.hits:get_keys(0)) do
    local count = Shared.hits:get(route)
    if count > 0 then
      -- What is counted between the two calls stays for the next time.
      Shared.hits:incr(route, -count)
      log.info("flushed", { route = route, count = count, total = State.incr("hits/" .. route, count) })
    end
  end
end))
