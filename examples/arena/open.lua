-- Opens a room: from now on it ticks by itself, whether or not anybody calls.
local seconds = ...

-- The timer knows the script by its name. Had the room one already, the old timer would go on beside the new one.
if State.has("timer") then timer.cancel(State.get("timer")) end
State.set("timer", assert(timer.every(seconds, "tick")))
