-- §6.8 io.write: numbers (floats are written with %.14g and no '.0' added), many arguments, errors
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, ok and '' or (tostring(m):gsub('^.-:%d+: ', ''))) end
io.write(1, ' ', 1.0, ' ', -0.0, ' ', 1.5, ' ', 1e15, ' ', 1e100, ' ', 2^53, ' ', 2^63, ' ', math.mininteger, ' ', math.huge, ' ', -math.huge, ' ', 0.1, ' ', 1/3, ' ', 123456789012345678, '\n')
io.write('a', 'b', '', 'c\0d', '\n')
io.write()
io.write('')
io.write(('x'):rep(5000), '\n')
for i = 1, 100 do io.write(i, i % 20 == 0 and '\n' or ',') end
for i = 1, 20 do io.write(i / 4, i == 20 and '\n' or ',') end
io.write(table.unpack((function() local t = {} for i = 1, 200 do t[i] = i .. (i == 200 and '\n' or ' ') end return t end)()))
e(function() io.write({}) end) e(function() io.write(nil) end) e(function() io.write('', true) end) e(function() io.write(print) end) e(function() io.write(setmetatable({}, {__tostring = function() return 'no' end})) end)
e(function() io.write('partial ', 1, {}) end)
print(1, 1.0, -0.0, 1.5, 1e15, 1e100, 2^53, 2^63, math.mininteger, math.huge, 'str', nil, true, false)
print() print('') print(nil) print(nil, nil) print('a\0b') print('tab\tin', 'line\nbreak')
print(setmetatable({}, {__tostring = function() return 'via __tostring' end}), (tostring(setmetatable({}, {__name = 'Nm'})):gsub(':.*', '')))
print(table.unpack((function() local t = {} for i = 1, 200 do t[i] = i end return t end)()))
