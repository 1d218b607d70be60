-- Two services are asked at once. The time of the slower one is the time of the step.
local event = ...

local function ask(path)
  return function()
    local address = host.secret("RISK_URL") .. path .. "?" .. url.query { user = event.user, ip = event.ip }
    local answer = host.fetch(address, { headers = { authorization = "Bearer " .. host.secret("RISK_KEY") } })
    if answer.status ~= 200 then error(path .. " answers with " .. answer.status) end
    return json.decode(answer.body)
  end
end

local risk, device = parallel(ask("/risk"), ask("/device"))
log.info("asked", { score = risk.score, known = device.known })
if risk.score > 80 then host.api.deny("too risky") end
if not device.known then host.api.requireMfa() end
