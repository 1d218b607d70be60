-- Takes a grant back: who for and what, owner, and the name of this change. Returns whether it was there.
local field, owner, change = unpack(ARGV)
local old = redis.call('HGET', KEYS[1], field)
if not old or string.sub(old, 2) ~= owner then return 0 end
redis.call('HDEL', KEYS[1], field)
if redis.call('HLEN', KEYS[1]) == 1 then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], '', change)
end
return 1
