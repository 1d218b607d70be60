-- What the scripts on one space share. KEYS are its values, its names and its times; see ../keys.rs.
-- ENTRY is what an entry counts besides its name and value; the field '' of the values is the sum of all entries.
local VALUES, NAMES, TIMES = KEYS[1], KEYS[2], KEYS[3]
local call = redis.call

local clock
local function now()
  if not clock then
    local time = call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return clock
end

-- The JSON text of what VALUES has: an entry that expires is marked with '@'.
local function text(raw)
  return string.byte(raw) == 64 and string.sub(raw, 2) or raw
end

-- Whether any entry expires, before or after this script.
local timed = call('ZCARD', TIMES) > 0
local gone = false

-- What removes comes first: a server without memory lets no script begin with anything else.
local function drop(name)
  local length = call('HSTRLEN', VALUES, name)
  call('HDEL', VALUES, name)
  call('ZREM', NAMES, name)
  call('ZREM', TIMES, name)
  call('HINCRBY', VALUES, '', -(#name + length + ENTRY))
  gone = true
end

-- Drops at most so many entries that have expired; -1 for all.
local function sweep(most)
  if timed then
    for _, name in ipairs(call('ZRANGEBYSCORE', TIMES, '-inf', now(), 'LIMIT', 0, most)) do drop(name) end
  end
end

-- When an entry expires that has not yet; false for never. One that has is dropped.
local function expires(name)
  local at = timed and tonumber(call('ZSCORE', TIMES, name) or nil)
  if at and at <= now() then
    drop(name)
    return false
  end
  return at or false
end

-- Sets an entry that has not expired, or a new one. Returns how much the space would hold if that is too much.
local function put(name, json, at, quota)
  local raw = at and '@' .. json or json
  local length = call('HSTRLEN', VALUES, name)
  local more = #raw - length
  if length == 0 then more = more + #name + ENTRY end
  local bytes = (call('HGET', VALUES, '') or 0) + more
  if bytes > quota then
    sweep(-1)
    bytes = (call('HGET', VALUES, '') or 0) + more
    if bytes > quota then return bytes end
  end
  call('HSET', VALUES, name, raw, '', bytes)
  if length == 0 then call('ZADD', NAMES, 0, name) end
  if at then
    call('ZADD', TIMES, at, name)
    timed = true
  elseif timed then
    call('ZREM', TIMES, name)
  end
end

-- Comes last. A space without entries has no keys; one whose entries all expire, goes with the last of them.
local function settle()
  if not (timed or gone) then return end
  if call('HLEN', VALUES) <= 1 then
    call('DEL', VALUES, NAMES, TIMES)
  elseif timed and call('ZCARD', TIMES) == call('ZCARD', NAMES) then
    local last = call('ZRANGE', TIMES, -1, -1, 'WITHSCORES')[2]
    for _, key in ipairs(KEYS) do call('PEXPIREAT', key, last) end
  elseif call('PTTL', VALUES) >= 0 then
    for _, key in ipairs(KEYS) do call('PERSIST', key) end
  end
end

-- How much there is.
local function size()
  return math.max(call('HLEN', VALUES) - 1, 0), tonumber(call('HGET', VALUES, '') or 0)
end

