-- How long an entry lasts, in ms; -1 for ever; -2 when there is none.
if call('HEXISTS', VALUES, ARGV[1]) == 0 then return -2 end
local at = tonumber(call('ZSCORE', TIMES, ARGV[1]) or nil)
if not at then return -1 end
return at > now() and at - now() or -2
