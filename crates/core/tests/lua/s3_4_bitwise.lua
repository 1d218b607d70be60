-- §3.4.2 bitwise operators: conversions from floats and strings, shifts beyond 63, errors
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
local MAX, MIN = math.maxinteger, math.mininteger
local function x(n) return string.format('%x', n) end
local vals = {0, 1, -1, 2, 0xff, 0x0f0f, MAX, MIN, 0x5555555555555555, -2, 12345.0, 7.0, -3.0, -2^63}
for _, a in ipairs(vals) do
  local row = {}
  for _, b in ipairs(vals) do row[#row + 1] = x(a & b) .. ',' .. x(a | b) .. ',' .. x(a ~ b) end
  print(x(~a), table.concat(row, ' '))
end
for _, a in ipairs {1, -1, 0xf0, MIN, MAX, 2.0} do
  local row = {}
  for _, s in ipairs {0, 1, 4, 31, 32, 62, 63, 64, 65, 1000, -1, -4, -63, -64, -65, MAX, MIN, 3.0} do row[#row + 1] = x(a << s) .. ',' .. x(a >> s) end
  print(table.concat(row, ' '))
end
print(1 << 63 == MIN, 1 << 64, -1 >> 63, -1 >> 64, -1 >> 1 == MAX, 2^53 | 0, 1e15 & -1, -0.0 | 0, 0x1p62 | 0)
print(math.type(3.0 | 0), math.type(-2.0^63 & -1))
-- strings are not coerced by the bitwise operators themselves
e(function() return '3' | 0 end) e(function() return '-1' & 0xff end) e(function() return 0 ~ ' 10 ' end) e(function() return ~'1' end) e(function() return 1 << '2' end) e(function() return '8' >> '1' end)
e(function() return 1.5 | 0 end) e(function() return 2^63 | 0 end) e(function() return 1 & 1e100 end) e(function() return math.huge | 0 end) e(function() return 0/0 | 0 end)
e(function() return '1.5' | 0 end) e(function() return 'a' | 0 end) e(function() return 0 | 'a' end) e(function() return '9223372036854775808' | 0 end) e(function() return '1e100' & 1 end)
e(function() return nil | 1 end) e(function() return 1 & {} end) e(function() return true ~ 1 end) e(function() return ~{} end) e(function() return ~'x' end) e(function() return ~1.5 end) e(function() return 1 << {} end) e(function() return print >> 1 end)
e(function() local a = 1.5; return a | 1 end) e(function() local t = {k = 2.5}; return t.k & 1 end) e(function() local t = {}; return t.k & 1 end) e(function() local u = 'u'; return (function() return u << 1 end)() end)
e(function() return 1 | 2.5 end) e(function() local b = 1e300; return 1 ~ b end) e(function() glob_nil = nil; return glob_nil << 2 end) e(function() return 1 << 1.5 end) e(function() return 3.7 // 1 | 0 end)

-- constant operands take special opcodes
local function k(a) return a & 0xff, a | 0x10, a ~ 0x3, a << 1, a >> 1, 1 << a, 255 >> a, a & 1.0, 3 & a, a + 1, a - 1, a * 2, a / 2, a % 3, a // 3, a ^ 2, 5 - a, 100 // a end
print(k(7)) print(k(4.0)) print(k(-3))
e(k, '5') e(k, 1.5) e(k, {}) e(k, 'z') e(k, nil)

-- metamethods receive the operands as they are
local mt = {}
for _, op in ipairs {'band', 'bor', 'bxor', 'shl', 'shr', 'bnot'} do
  mt['__' .. op] = function(a, b) return op .. ':' .. (type(a) == 'table' and a.n or tostring(a)) .. ':' .. (type(b) == 'table' and b.n or tostring(b)) end
end
local o, p = setmetatable({n = 'o'}, mt), setmetatable({n = 'p'}, mt)
print(o & 1, 1 & o, o | p, p ~ 2.5, 'str' ~ o, o << 1, 1 << o, o >> 'x', 1.5 >> o, ~o, nil | o, o & false)

-- algorithms: popcount, bit reversal, CRC-32, xorshift, FNV, adler
local function popcount(n) local c = 0; while n ~= 0 do n = n & (n - 1); c = c + 1 end return c end
print(popcount(0), popcount(0xff), popcount(-1), popcount(MIN), popcount(0x5555555555555555))
local function rev(n) local r = 0; for _ = 1, 64 do r = r << 1 | n & 1; n = n >> 1 end return r end
print(x(rev(1)), x(rev(0x12345678)), rev(rev(987654321)))
local crct = {}
for i = 0, 255 do local c = i; for _ = 1, 8 do if c & 1 == 1 then c = 0xEDB88320 ~ (c >> 1) else c = c >> 1 end end crct[i] = c end
local function crc32(s) local c = 0xFFFFFFFF; for i = 1, #s do c = crct[(c ~ s:byte(i)) & 0xff] ~ (c >> 8) end return c ~ 0xFFFFFFFF end
print(x(crc32 '123456789'), x(crc32 ''), x(crc32(('lua'):rep(500))))
local s = 88172645463325252
for i = 1, 20 do s = s ~ (s << 13); s = s ~ (s >> 7); s = s ~ (s << 17); io.write(x(s), i % 5 == 0 and '\n' or ' ') end
local function fnv(str) local h = 0xcbf29ce484222325; for i = 1, #str do h = (h ~ str:byte(i)) * 0x100000001b3 end return h end
print(x(fnv ''), x(fnv 'a'), x(fnv 'foobar'))
local function adler(str) local a, b = 1, 0; for i = 1, #str do a = (a + str:byte(i)) % 65521; b = (b + a) % 65521 end return b << 16 | a end
print(x(adler 'Wikipedia'), adler(('abc'):rep(1000)))
local function gcd(a, b) while b ~= 0 do a, b = b, a % b end return a end
local function powmod(b, ex, m) local r = 1; b = b % m; while ex > 0 do if ex & 1 == 1 then r = r * b % m end b = b * b % m; ex = ex >> 1 end return r end
print(gcd(1071, 462), gcd(2^40 | 0, 6^20 | 0), powmod(3, 200, 1000007), powmod(2, 10^9 | 0, 998244353))
