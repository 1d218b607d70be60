-- State outlives the run: run this twice, and look at the tab "State".
-- Then run it as somebody else.
local visits = State.incr("visits")
State.set("last visit", os.date("!%Y-%m-%d %H:%M:%S"))
State.update("plan", function(plan)
  plan.seats = plan.seats + 1
  return plan
end, { name = "basic", seats = 0 })

print("This is visit number " .. visits .. " of " .. script.id)

-- Gone after a minute.
State.set("offer", { percent = 10 }, { ttl = 60 })

return State.get("plan"), State.list()
