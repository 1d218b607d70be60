-- §6.4.2 string.pack/unpack/packsize: all formats, sizes, endianness, alignment, limits, errors
local function hex(x) return (x:gsub('.', function(c) return ('%02x'):format(c:byte()) end)) end
local function p(fmt, ...) local r = table.pack(pcall(string.pack, fmt, ...)); if not r[1] then print(fmt, 'error: ' .. r[2]:gsub('^.-:%d+: ', '')) return end
  local u = table.pack(pcall(string.unpack, fmt, r[2])); for i = 2, u.n do if type(u[i]) == 'string' then u[i] = ('%q'):format(u[i]) end u[i] = tostring(u[i]) end print(fmt, #r[2], hex(r[2]), table.concat(u, ' ', 2, u.n)) end
local function u(fmt, ...) local r = table.pack(pcall(string.unpack, fmt, ...)); local ok = r[1]; for i = 1, r.n do if type(r[i]) == 'string' then r[i] = ok and ('%q'):format(r[i]) or r[i]:gsub('^.-:%d+: ', '') end r[i] = tostring(r[i]) end print(fmt, table.concat(r, ' ')) end
local function size(fmt) print(fmt, select(2, pcall(string.packsize, fmt))) end
for _, e in ipairs {'<', '>', '='} do
  for _, k in ipairs {'b', 'B', 'h', 'H', 'i', 'I', 'l', 'L', 'j', 'J', 'T', 'i1', 'i2', 'i3', 'i4', 'i5', 'i7', 'i8', 'i9', 'i12', 'i16', 'I1', 'I3', 'I8', 'I16'} do p(e .. k, 1) p(e .. k, 100) if k:match '^[bhilj]' then p(e .. k, -2) end end
  for _, k in ipairs {'f', 'd', 'n'} do for _, v in ipairs {0, 1, -1.5, 0.1, 1e10, math.huge, -math.huge, 1e300} do p(e .. k, v) end end
end
p('b', 127) p('b', 128) p('b', -128) p('b', -129) p('B', 255) p('B', 256) p('B', -1) p('i2', 32767) p('i2', 32768) p('I2', 65536) p('i7', (1 << 55) - 1) p('i7', 1 << 55) p('I7', (1 << 56) - 1) p('I7', 1 << 56) p('j', math.maxinteger) p('j', math.mininteger) p('J', -1) p('I8', -1) p('<i16', -1) p('<i16', math.mininteger) p('>i16', math.mininteger) p('<I16', -1)
p('z', 'hello') p('z', '') p('z', 'a\0b') p('s', 'hello') p('s1', 'hello') p('<s2', 'hello') p('>s4', 'hello') p('s1', ('x'):rep(255)) p('s1', ('x'):rep(256)) p('c5', 'hello') p('c10', 'hello') p('c3', 'hello') p('c0', '') p('c0', 'x') p('zz', 'a', 'b') p('s1s1', 'ab', 'cd') p('x') p('xxb', 1) p('bxb', 1, 2) p('', nil) p(' < i2 > i2 ', 1, 1) p('<i2>i2=i2', 1, 1, 1)
p('!4 i1 i4', 1, 2) p('!i1 i8', 1, 2) p('!2 i1 i8', 1, 2) p('!8 b Xi8', 1) p('!4 b Xd', 1) p('b Xi4', 1) p('!8 b d', 1, 2) p('!8 i1 !4 i8', 1, 2) p('!16 i1 i16', 1, 2) p('<!4 b i4 b i2 b', 1, 2, 3, 4, 5) p('!4 i3', 1) p('!4 i1 i3', 1, 1) p('!', nil) p('!1 b i4', 1, 2) p('!8 z i4', 'abc', 5) p('!4 s1 i4', 'abc', 5) p('!8 c3 d', 'abc', 1.5)
for _, fmt in ipairs {'i0', 'i17', 'I0', 's17', '!0', '!17', '!3 i4', 'c', 'y', 'Xz', 'X', 'Xs', 'i99999999999', 'X c4', '!5', 'é', '%'} do p(fmt, 1) size(fmt) end
for _, fmt in ipairs {'b', 'h', 'i', 'l', 'j', 'T', 'f', 'd', 'n', 'i3', '!8 b d', '!4 b d b', '<i4 >i4', 'c10', 'x', '', 's', 'z', '!8 b Xd', 'c2147483647', 'c2147483647 b', ' b b '} do size(fmt) end
u('<i4', '\1\0\0\0') u('<i4', '\1\0\0') u('<i4i4', '\1\0\0\0\2\0\0\0') u('<i4', 'xxxx\1\0\0\0', 5) u('<i4', 'xxxx\1\0\0\0', -4) u('<i4', '\1\0\0\0', 2) u('b', 'a', 2) u('b', 'a', 3) u('', 'abc', 4) u('', 'abc', 5) u('', 'abc', -10) u('', 'abc', -3) u('z', 'no end') u('z', 'a\0b', 3) u('zz', 'a\0b\0') u('s1', '\3abcd') u('s1', '\9abc') u('s', 'short') u('c3', 'abcdef') u('c3', 'ab') u('<I8', ('\255'):rep(8)) u('<i16', ('\255'):rep(16)) u('<I16', ('\255'):rep(16)) u('<i9', ('\255'):rep(8) .. '\0') u('<i9', ('\255'):rep(8) .. '\1') u('<I9', ('\1'):rep(9)) u('<f', '\0\0\128\63') u('>d', '\63\240\0\0\0\0\0\0') u('!4 <b i4', '\1\0\0\0\2\0\0\0') u('<b', '\255') u('B', '\255') u('<i3', '\255\255\255') u('<I3', '\255\255\255') u('>i2', '\128\0')
-- records, varints, round trips
local recs = {}
for i = 1, 50 do recs[i] = string.pack('>I2 s1 !8 d <j B', i, ('n'):rep(i % 9), i / 3, -i * 12345678901, i * 5 % 256) end
local blob, pos, acc = table.concat(recs), 1, {}
for i = 1, 3 do local a, b, c, d, e2, nx = string.unpack('>I2 s1 !8 d <j B', recs[i]); acc[#acc + 1] = table.concat({a, b, ('%.6f'):format(c), d, e2, nx}, '/') end
print(#blob, table.concat(acc, ' '))
math.randomseed(42, 7)
local bad = 0
for i = 1, 1500 do
  local n, sz = math.random(0), math.random(1, 16)
  local lim = sz < 8 and (1 << (sz * 8 - 1)) or nil
  local v = lim and n % (2 * lim) - lim or n
  local fmt = (i % 2 == 0 and '<' or '>') .. 'i' .. sz
  local s = string.pack(fmt, v)
  if #s ~= sz or string.unpack(fmt, s) ~= v then bad = bad + 1 end
  local x = math.random() * 2.0 ^ math.random(-500, 500)
  if string.unpack('>d', string.pack('>d', x)) ~= x then bad = bad + 1 end
end
print('bad', bad)
local function varint(n) local out = {}; repeat local b = n & 0x7f; n = n >> 7; out[#out + 1] = string.pack('B', n ~= 0 and b | 0x80 or b) until n == 0; return table.concat(out) end
print(hex(varint(0)), hex(varint(300)), hex(varint(-1)), hex(varint(math.maxinteger)))
