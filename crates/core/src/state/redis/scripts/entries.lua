-- Some entries between two bounds, in the byte order of their names: name, value and time of each.
sweep(-1)
settle()
local found = {}
for _, name in ipairs(call('ZRANGEBYLEX', NAMES, ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local raw = call('HGET', VALUES, name)
  found[#found + 1] = name
  found[#found + 1] = text(raw)
  found[#found + 1] = timed and call('ZSCORE', TIMES, name) or ''
end
return found
