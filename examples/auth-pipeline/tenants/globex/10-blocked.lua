-- Some may not log in. That the step catches its own errors changes nothing about it.
local event = ...
local blocked = { eve = true }

if blocked[event.user] then
  pcall(host.api.deny, "blocked")
end
