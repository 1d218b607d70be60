-- How much there is of an item. It is asked for once in ten seconds, whoever wants to know.
local request = ...
local item = request.query.item or ""

local left = Shared.cache:get("stock/" .. item)
if not left then
  left = host.stock(item) or 0
  Shared.cache:set("stock/" .. item, left, 10)
  log.info("looked up", { item = item })
end
return { body = item .. ": " .. left }
