-- Changes one entry, if a condition holds. Returns 0, whether it held, whether the entry was there, and whether the index
-- of names has more of it than it needs; or 1 when the index is to be told first; or 2 and how much is too much.
local name, when, is, change, json, expiry, ttl, quota, indexed = unpack(ARGV)
sweep(64)
local at = expires(name)
local old = when == 'is' and call('HGET', VALUES, name)
local was_there = old or call('HEXISTS', VALUES, name) == 1
if when == 'is' then was_there = old ~= false end
local met = when == 'always' or (when == 'missing' and not was_there) or (when == 'present' and was_there)
  or (when == 'is' and was_there and text(old) == is)

local till = expiry == 'keep' and at or (expiry == 'in' and now() + ttl)
local puts = met and (change == 'put' or (change == 'keep' and was_there))
local longer = not was_there or (at and (not till or till > at))
if puts and longer and indexed == '0' then
  settle()
  return { 1 }
end

local over
if puts then
  if change == 'keep' then
    json = text(call('HGET', VALUES, name))
    quota = math.huge
  end
  over = put(name, json, till, tonumber(quota))
elseif met and change == 'remove' and was_there then
  drop(name)
end
local is_there = call('HEXISTS', VALUES, name) == 1
settle()
local shorter = puts and was_there and till and (not at or till < at)
local loose = shorter or (was_there and not is_there) or (indexed == '1' and (over or not puts))
if over then return { 2, over, 0, loose and 1 or 0 } end
return { 0, met and 1 or 0, was_there and 1 or 0, loose and 1 or 0 }
