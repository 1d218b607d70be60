-- Writes a grant down: who for and what, access and owner, and the name of this change. Returns another owner who has
-- granted the same.
local field, value, change = unpack(ARGV)
local old = redis.call('HGET', KEYS[1], field)
if old and string.sub(old, 2) ~= string.sub(value, 2) then return string.sub(old, 2) end
redis.call('HSET', KEYS[1], field, value, '', change)
return false
