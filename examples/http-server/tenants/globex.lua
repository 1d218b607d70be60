-- A tenant whose script goes wrong in several ways. The others do not notice.
local request = ...

if request.path == "/endless" then
  while true do end
elseif request.path == "/broken" then
  error("out of order")
elseif request.path == "/odd" then
  return { status = "fine" }
end
return { body = { tenant = script.id, visits = State.get("visits/none", 0) } }
