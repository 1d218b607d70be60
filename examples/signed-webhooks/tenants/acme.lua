-- The sender signs as Stripe does, with the time: 't=1700000000,v1=…', in hexadecimal digits.
local signed = require("signed")
local body, signature = ...
local TOLERANCE = 300

local seconds, digits = signature:match("^t=(%d+),v1=(%x+)$")
signed.check(SECRET, (seconds or "") .. "." .. body, digits)
signed.fresh(tonumber(seconds), TOLERANCE)

local event = signed.decode(body)
-- After twice the tolerance, no copy of it is fresh any more.
return signed.once(signature, 2 * TOLERANCE, { id = event.id, customer = event.customer, cents = event.cents })
