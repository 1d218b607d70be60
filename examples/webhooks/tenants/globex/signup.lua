-- Somebody has signed up: tells the CRM, or writes it down when there is none.
local webhook = require("webhook")
local signup = ...
webhook.check(signup, { email = "string", target = "string" })

local email = signup.email:lower()
local ok, e = pcall(host.deliver, signup.target, { email = email })
if ok then return { delivered = true } end
-- Of a HostError, scripts see code and message; of any other error, that the function failed.
if e.code ~= "NO_TARGET" then error(e, 0) end
State.set("later/" .. email, true)
return { later = e.message }
