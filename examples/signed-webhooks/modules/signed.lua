-- What the scripts of all tenants may require: checks of signatures, and that nothing is taken twice.
local signed = {}

local function refuse(status, message) error({ status = status, message = message }) end

--- Refuses what is not signed with `secret`. How long it takes does not say what of a wrong signature is right.
function signed.check(secret, text, digits)
  local given = hex.decode(digits or "")
  local isRight = given and crypto.equal(given, crypto.hmac("sha256", secret, text))
  if not isRight then refuse(401, "a wrong signature") end
end

--- Refuses what was not signed just now. Without this, who has once seen a request could send it again at any time.
function signed.fresh(seconds, tolerance)
  if math.abs(time.now() - seconds) > tolerance then refuse(401, "signed too long ago, or too early") end
end

--- What the body says.
function signed.decode(body)
  local ok, value = pcall(json.decode, body)
  if not ok or type(value) ~= "table" then refuse(422, "a wrong body") end
  return value
end

--- `value`, the first time that there is this `id`, and then nil for as many seconds. Of several runs, one is the first.
function signed.once(id, seconds, value)
  -- A key of State is short, and text. An id of a sender may be neither.
  local key = "seen/" .. hex.encode(crypto.sha256(id))
  return State.add(key, true, { ttl = seconds }) and value or nil
end

return signed
