-- The owners of one name, each with the time until which it may have an entry: KEYS[1]. Adds the owner ARGV[1] for at least
-- ARGV[2] ms, -1 for ever; or takes it out, when there is no such time. The index goes with the last of them.
local call = redis.call
local ttl = tonumber(ARGV[2])
if ttl then
  local time = call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  -- A second more than the entry has: this one is told apart from it.
  call('ZADD', KEYS[1], 'GT', ttl < 0 and 'inf' or now + ttl + 1000, ARGV[1])
else
  call('ZREM', KEYS[1], ARGV[1])
end
local last = call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last == 'inf' then
  call('PERSIST', KEYS[1])
elseif last then
  call('PEXPIREAT', KEYS[1], last)
end
return 0
