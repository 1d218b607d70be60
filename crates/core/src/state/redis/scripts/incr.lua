-- Adds an integer to an integer, exact to 64 bits: a number of this language is not. Returns 0 and the sum; or 1 when
-- there is no entry; or 2 and the value that the client is to add to.
local name, by, quota = unpack(ARGV)
sweep(64)
local at = expires(name)
local raw = call('HGET', VALUES, name)
if not raw then
  settle()
  return { 1 }
end
local old = text(raw)
local sum
if string.find(old, '^-?%d+$') then
  -- No name is this byte alone, which is not UTF-8.
  local field = at and '\255' or name
  if at then call('HSET', VALUES, field, old) end
  local added = redis.pcall('HINCRBY', VALUES, field, by)
  if type(added) == 'number' then sum = call('HGET', VALUES, field) end
  if at then
    call('HDEL', VALUES, field)
    if sum then call('HSET', VALUES, name, '@' .. sum) end
  end
  local bytes = sum and call('HGET', VALUES, '') + #sum - #old
  if sum and bytes > tonumber(quota) then
    -- The client writes what is too much, and is told how much that is.
    call('HSET', VALUES, name, raw)
    sum = nil
  elseif sum and #sum ~= #old then
    call('HSET', VALUES, '', bytes)
  end
end
settle()
if sum then return { 0, sum } end
return { 2, old }
