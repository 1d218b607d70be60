-- §3.4.6-3.4.7 concatenation and length: numbers, right associativity, many operands, borders of proper sequences
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
print(1 .. '', 1.0 .. '', -1.5 .. 'x', 2^31 .. '|', 1e300 .. '', 0x10 .. '', 'a' .. 'b' .. 'c', '' .. '', ('' .. 'x') == 'x')
print(1 .. 2 == '12', 1 .. 2 + 3, (1 .. 2) + 3, 10 .. '', math.huge .. '', -math.huge .. '', 1e15 .. ' ' .. 1e16 .. ' ' .. 123456789012345.0)
e(function() return 'a' .. nil end) e(function() return nil .. 'a' end) e(function() return 'a' .. {} end) e(function() return true .. 'x' end) e(function() return 1 .. print end)
e(function() local x; return 'a' .. x .. 'b' end) e(function() local t = {}; return 'a' .. t.name end) e(function() local t = {}; return t .. 'a' .. 'b' end) e(function() local up; return (function() return 'q' .. up end)() end)
e(function() return 'a' .. 'b' .. undefinedglobal .. 'c' end) e(function() local a, b = 'x', {}; return a .. b end) e(function() local a, b = {}, 'x'; return a .. b end)
-- many operands at once
local a, b, c, d = 'A', 1, 2.5, 'D'
print(a .. b .. c .. d .. a .. b .. c .. d .. a .. b .. c .. d .. a .. b .. c .. d .. '' .. '' .. a)
local parts = {}
for i = 1, 100 do parts[i] = "'" .. i .. ",'" end
local s = load('return ' .. table.concat(parts, ' .. '))()
print(#s, s:sub(1, 20), s:sub(-8))
-- __concat is right associative and sees partial results
local log = {}
local C = setmetatable({}, {__concat = function(x, y) log[#log + 1] = (type(x) == 'table' and 'C' or tostring(x)) .. '+' .. (type(y) == 'table' and 'C' or tostring(y)); return 'R' end})
print('a' .. 'b' .. C, table.concat(log, ' ')); log = {}
print(C .. 'a' .. 'b', table.concat(log, ' ')); log = {}
print('a' .. C .. 'b' .. 1, table.concat(log, ' ')); log = {}
print(C .. C .. 'z', table.concat(log, ' ')); log = {}
print(1 .. C .. 2 .. C .. 3, table.concat(log, ' ')); log = {}
print((nil .. C), (C .. nil), ({} .. C), (C .. true), table.concat(log, ' '):gsub('table: %w+', 'T')) log = {}
local Ret = setmetatable({}, {__concat = function(x, y) return nil, 'dropped' end})
print(select('#', Ret .. 'a'), Ret .. 'a')
local T = setmetatable({}, {__concat = function(x, y) return setmetatable({(type(x) == 'table' and x[1] or x) .. '~' .. (type(y) == 'table' and y[1] or y)}, getmetatable(type(x) == 'table' and x or y)) end})
T[1] = 'T'
print(('a' .. T .. 'b' .. T .. 3)[1])

-- length
print(#'', #'abc', #'a\0b', #'\u{10FFFF}', #[[

x]], #('x'):rep(1000))
print(#{}, #{1}, #{1, 2, 3}, #{n = 1}, #{1, 2, nil}, #{nil, nil, nil, n = 1})
local t = {}
for i = 1, 1000 do t[i] = i; assert(#t == i) end
for i = 1000, 1, -1 do assert(#t == i); t[i] = nil end
print(#t)
for i = 1, 64 do t[#t + 1] = i end
print(#t) t[#t] = nil print(#t) t[#t + 1] = 'x' t[#t + 1] = 'y' print(#t, t[64], t[65])
-- sequences living in the hash part
local h = {}
for i = 20, 1, -1 do h[i] = i end
print(#h) h[21] = 21 print(#h) h[21] = nil h[20] = nil print(#h)
local g = {[1] = 'a', [2] = 'b', [3] = 'c', x = 1}
print(#g) g[4] = 'd' print(#g) for i = 4, 2, -1 do g[i] = nil end print(#g)
local packed = table.pack(1, 2, 3, 4, 5)
print(#packed, packed.n) for i = 5, 1, -1 do table.remove(packed) io.write(#packed, ' ') end print()
e(function() return #nil end) e(function() return #5 end) e(function() return #print end) e(function() local x = true; return #x end) e(function() local t = {}; return #t.field end) e(function() return #gl0bal end)
print(#setmetatable({1, 2}, {__len = function() return 'any value' end}), rawlen(setmetatable({1, 2}, {__len = function() return 10 end})), rawlen('four'))
print(pcall(function() return #setmetatable({}, {__len = function() error('lenerr', 0) end}) end))
e(rawlen, 5) e(function() rawlen(nil) end)

-- string building: quadratic on purpose, checked by a hash
local acc = ''
for i = 1, 1500 do acc = acc .. i .. (i % 7 == 0 and '\n' or ',') end
local hsh = 0
for i = 1, #acc do hsh = (hsh * 31 + acc:byte(i)) & 0xffffffff end
print(#acc, hsh)
local rope = {}
for i = 1, 3000 do rope[#rope + 1] = i % 10 end
print(#table.concat(rope), table.concat(rope, '', 1, 30), table.concat(rope, '-', 2990))
