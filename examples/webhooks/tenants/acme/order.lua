-- An order was paid: tells the warehouse what to pack, and adds up what the month has brought.
local webhook = require("webhook")
local order = ...
webhook.check(order, { id = "string", customer = "string", cents = "integer", items = "table" })

return webhook.once("order/" .. order.id, function()
  local customer = host.customer(order.customer) or webhook.refuse(422, "no such customer")
  host.deliver("warehouse", { order = order.id, to = customer.address, pack = table.concat(order.items, ", ") })
  print("order " .. order.id .. " goes to " .. customer.name)
  return { month = State.incr("cents/" .. os.date("!%Y-%m"), order.cents) }
end)
