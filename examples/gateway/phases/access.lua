-- Before each route: counts the request, and refuses it when its client has had too many. Nil lets it pass.
local request = ...

Shared.hits:incr(request.route, 1, 0)
-- The first request of a window makes the counter, and with it the time of its end.
local count = assert(Shared.rate:incr(request.client, 1, 0, RATE.window))
if count <= RATE.limit then return end

-- Once in a window: a flood of requests is no flood of entries.
if count == RATE.limit + 1 then log.warn("too many requests", { client = request.client }) end
local seconds = Shared.rate:ttl(request.client) or 0
return { status = 429, body = "too many requests", retryAfter = math.max(1, math.ceil(seconds)) }
