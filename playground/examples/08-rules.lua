-- A rule as a tenant would write it: what a customer pays for an order.
local order = {
  customer = "ada",
  items = {
    { name = "tea", price = 4.5, count = 3 },
    { name = "mug", price = 12, count = 1 },
  },
}

local function discountFor(total, number)
  if number % 3 == 0 then return 0.2, "every third order" end
  if total > 20 then return 0.1, "a large order" end
  return 0, "no discount"
end

local total = 0
for _, item in ipairs(order.items) do
  total = total + item.price * item.count
end

local number = State.incr("orders/" .. order.customer)
local discount, why = discountFor(total, number)
log.info(why, { order = number, discount = discount })
return { number = number, total = total, pay = total * (1 - discount) }
