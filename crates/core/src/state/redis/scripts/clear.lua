-- Drops everything. Returns entries, bytes, and the names.
sweep(-1)
local entries, bytes = size()
local names = call('ZRANGE', NAMES, 0, -1)
call('DEL', VALUES, NAMES, TIMES)
return { entries, bytes, names }
