-- Timers run when the script has ended, until they are cancelled.
-- Here, Stop ends them.
timer.every(0.5, function()
  local ticks = State.incr("ticks")
  log.info("tick", { number = ticks })
end)

timer.at(1.2, function(premature, text)
  log.warn(text, { premature = premature })
end, "a second has passed")

return timer.pending_count()
