-- What the scripts of all tenants may require: a check of events, and work that is done once.
local webhook = {}

--- Refuses an event: the sender gets this status and message.
function webhook.refuse(status, message)
  error({ status = status, message = message })
end

--- Refuses an event whose fields are not of these types.
function webhook.check(event, types)
  for name, wanted in pairs(types) do
    local value = type(event) == "table" and event[name]
    if type(value) ~= wanted and math.type(value) ~= wanted then
      webhook.refuse(422, name .. " must be of the type " .. wanted)
    end
  end
end

--- Does what senders may ask for again, because they do not know that it was done. What failed may be done again.
function webhook.once(key, work)
  -- Should this run be stopped, the key is free again after a minute.
  if not State.add(key, "begun", { ttl = 60 }) then
    if State.get(key, "begun") == "begun" then webhook.refuse(409, "another run is doing it") end
    return { repeated = true }
  end
  local ok, result = pcall(work)
  if not ok then
    State.delete(key)
    error(result, 0)
  end
  State.set(key, "done", { ttl = 24 * 3600 })
  return result
end

return webhook
