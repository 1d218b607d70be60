-- The JSON text of an entry that has a time.
local at = tonumber(call('ZSCORE', TIMES, ARGV[1]) or nil)
local raw = call('HGET', VALUES, ARGV[1])
return raw and not (at and at <= now()) and text(raw)
