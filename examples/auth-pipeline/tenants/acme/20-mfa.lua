-- Who does not come from the office needs a second factor.
local event = ...

if not event.ip:match("^10%.") then
  host.api.requireMfa()
end
