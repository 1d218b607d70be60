-- Decides about an order: { customer, item, count }.
local discount = require("discount")

return function(order)
  local ok, customer = pcall(host.customers.get, order.customer)
  if not ok then
    return { accept = false, reason = "unknown customer (" .. customer.message .. ")" }
  end
  if customer.blocked then
    return { accept = false, reason = customer.name .. " is blocked" }
  end
  local stock = host.stock.get(order.item)
  if stock.left < order.count then
    return { accept = false, reason = "only " .. stock.left .. " left" }
  end
  return { accept = true, total = discount(customer, order.count * stock.price) }
end
