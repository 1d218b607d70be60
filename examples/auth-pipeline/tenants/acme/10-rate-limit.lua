-- At most three logins a minute for each user. Another tenant's counters are not ours.
local event = ...

if State.incr("logins/" .. event.user, 1, { ttl = 60 }) > 3 then
  host.api.deny("too many logins")
end
