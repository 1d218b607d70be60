-- The sender signs the body alone, as GitHub does: 'sha256=…'. Its amounts are text, with a point.
local signed = require("signed")
local body, signature = ...

signed.check(SECRET, body, signature:match("^sha256=(%x+)$"))

local sale = signed.decode(body)
local units, cents = tostring(sale.amount):match("^(%d+)%.(%d%d)$")
if not units then error({ status = 422, message = "a wrong amount" }) end
local order = { id = sale.sale, customer = sale.buyer, cents = tonumber(units .. cents) }
-- Nothing says when it was signed: a copy of it must not count for as long as its sender might send it again.
return signed.once(body, 30 * 24 * 3600, order)
