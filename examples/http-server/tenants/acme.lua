-- A tenant with two pages and a counter of its own.
local request = ...

local function count(page)
  local key = "visits/" .. page
  local visits = (State.has(key) and State.get(key) or 0) + 1
  State.set(key, visits)
  return visits
end

if request.path == "/hello" then
  return { body = "hello, " .. (request.query.name or "stranger") }
elseif request.path == "/visits" then
  return { body = { tenant = script.id, visits = count("visits") } }
elseif request.path == "/echo" and request.method == "POST" then
  print("echo of " .. #request.body .. " bytes")
  return { status = 201, body = request.body:upper() }
end
return { status = 404, body = "acme has no such page" }
