-- An error is shown at its line, with the way there.
local function priceOf(order)
  return order.item.price.net
end

local function total(orders)
  local sum = 0
  for _, order in ipairs(orders) do
    sum = sum + priceOf(order)
  end
  return sum
end

print(total { { item = { price = { net = 5 } } } })
log.warn("the next one has no price", { item = "tea" })
return total { { item = "tea" } }
