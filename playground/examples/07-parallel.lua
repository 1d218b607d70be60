-- Functions that wait, wait at the same time:
-- this takes as long as the slowest of them.
local function fetch(name, seconds)
  return function()
    sleep(seconds)
    print(name .. " is there")
    return { name = name, seconds = seconds }
  end
end

local started = time.now()
local prices, stock, reviews = parallel(
  fetch("prices", 0.3),
  fetch("stock", 0.1),
  fetch("reviews", 0.2)
)
return { prices, stock, reviews, took = time.now() - started }
