-- What a customer pays for a total.
local rates = { gold = 0.8, basic = 1 }

return function(customer, total)
  return total * rates[customer.level]
end
