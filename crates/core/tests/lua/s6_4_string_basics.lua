-- §6.4 string.byte char len lower upper rep reverse sub, negative indices, huge indices, embedded zeros, method syntax
local function q(...) local t = table.pack(...); for i = 1, t.n do t[i] = type(t[i]) == 'string' and ('%q'):format(t[i]):gsub('\\\n', '\\n') or tostring(t[i]) end print(table.concat(t, ' ')) end
local MAX, MIN = math.maxinteger, math.mininteger
local s = 'hello world'
for _, i in ipairs {1, 0, -1, 5, 11, 12, -11, -12, 100, -100, MAX, MIN} do
  local row = {}
  for _, j in ipairs {1, 0, -1, 5, 11, 12, -11, -12, 100, -100, MAX, MIN} do row[#row + 1] = s:sub(i, j) end
  q(i, s:sub(i), table.unpack(row))
end
q(s:sub(2.0, '4'), s:sub('3'), (''):sub(1), (''):sub(-1, 1), ('x'):sub(1, 1), ('a\0b'):sub(2, 2), s:sub(-3), s:sub(1, -2), s:sub(4, 3))
q(s:byte()) q(s:byte(1, -1)) q(s:byte(-1)) q(s:byte(3, 5)) q(s:byte(20)) q(s:byte(0)) q(s:byte(10, 100)) q(s:byte(-100, 2)) q(('\0\255\128'):byte(1, 3)) q((''):byte()) q(select('#', ('x'):rep(200):byte(1, -1))) q(s:byte(5, 2)) q(s:byte(MAX)) q(s:byte(MIN, MAX))
q(string.char()) q(string.char(72, 105)) q(string.char(0, 255, 128)) q(string.char('65', 66.0)) q(#string.char(table.unpack((function() local t = {} for i = 0, 255 do t[i + 1] = i end return t end)())))
q(('x'):len(), #'', ('a\0b'):len(), ('é'):len(), string.len(42), string.len(1.5))
q(('HeLLo 123 é'):lower(), ('HeLLo 123 é'):upper(), (''):lower(), ('a\0B'):upper(), string.upper(1e5), ('[`{@'):upper(), ('[`{@'):lower())
q(('abc'):reverse(), (''):reverse(), ('a'):reverse(), ('a\0b'):reverse(), string.reverse(123), ('été'):reverse():reverse())
q(('ab'):rep(3), ('ab'):rep(0), ('ab'):rep(-1), ('ab'):rep(1), (''):rep(1000), ('x'):rep(3, ','), ('x'):rep(1, ','), ('x'):rep(0, ','), (''):rep(3, ','), ('ab'):rep(2, ''), ('a'):rep(3.0), ('a'):rep('2'), ('\0'):rep(3), string.rep(7, 3, 0), #(''):rep(MIN))
q(pcall(string.rep, 'ab', MAX // 2 + 1)) q(pcall(string.rep, 'abc', MAX)) q(pcall(string.rep, 'x', MAX, 'y')) q(pcall(string.rep, '', MAX, 'xy'))
-- as concatenation makes it, also of strings that are made in pieces
local function naive(s, n, sep) local t = {} for i = 1, n do t[i] = s end return table.concat(t, sep) end
for _, s in ipairs {'', 'x', 'hello', ('long'):rep(50)} do
  for _, sep in ipairs {'', ',', ('-'):rep(99)} do for _, n in ipairs {1, 2, 8, 9, 10, 33} do assert(s:rep(n, sep) == naive(s, n, sep)) end end
end
for _, n in ipairs {65535, 65536, 65537, 131072, 200001} do
  for _, c in ipairs {{'x', ''}, {'abc', '-'}, {'', '12345'}} do
    local r, period = c[1]:rep(n, c[2]), #c[1] + #c[2]
    assert(#r == n * period - #c[2] and r:sub(1, period) == c[1] .. c[2] and r:sub(1, -period - 1) == r:sub(period + 1))
  end
  local big = ('aBcDe'):rep(n // 5)
  assert(big:rep(3, 'XY') == big .. 'XY' .. big .. 'XY' .. big and ('x'):rep(2, big) == 'x' .. big .. 'x' and big:rep(1) == big)
  assert(big:upper() == ('ABCDE'):rep(n // 5) and big:lower() == ('abcde'):rep(n // 5) and big:reverse() == ('eDcBa'):rep(n // 5))
  print(#big, big:upper():sub(-6), big:lower():sub(65535, 65540), big:reverse():sub(1, 7))
end
-- numbers have no methods, but literals in parentheses and strings do
q(('%d'):format(3), ('x'):rep(2):upper():byte(1, -1)) q(#'abc' == ('abc'):len(), ('abc').len == string.len, ('abc').foo) q(pcall(function() return (5):type() end) == false)
-- strings as table keys, interning of short and long strings
local t = {}
for i = 1, 100 do t[('k'):rep(i)] = i end
local sum = 0
for i = 1, 100 do sum = sum + t[('k'):rep(i - 1) .. 'k'] end
print(sum, t[''], t[('k'):rep(41)], t[('k'):rep(40)])
-- comparison with sub results, case round trip over all bytes
local diff = 0
for b = 0, 255 do local c = string.char(b); if c:lower() ~= c then diff = diff + 1 end if c:upper() ~= c then diff = diff + 100 end assert(c:byte() == b and #c == 1 and c:reverse() == c) end
print(diff)
-- tostring/tonumber with all bases
for base = 2, 36 do
  local function enc(n) local neg = n < 0; local out = {}; n = math.abs(n); repeat local d = n % base; out[#out + 1] = ('0123456789abcdefghijklmnopqrstuvwxyz'):sub(d + 1, d + 1); n = n // base until n == 0; return (neg and '-' or '') .. table.concat(out):reverse() end
  local row = {}
  for _, n in ipairs {0, 1, base - 1, base, 255, 123456789, -987654321, 2^40 | 0} do local x = enc(n); assert(tonumber(x, base) == n and tonumber(x:upper(), base) == n and tonumber('  ' .. x .. '\t', base) == n); row[#row + 1] = x end
  print(base, table.concat(row, ' '), tonumber(('z'):rep(1), base), tonumber('1' .. ('0'):rep(12), base), tonumber('19', base), tonumber('1.5', base), tonumber('', base), tonumber('-', base), tonumber('- 1', base))
end
print(tonumber('7fffffffffffffff', 16), tonumber('8000000000000000', 16), tonumber('ffffffffffffffff', 16), tonumber('1ffffffffffffffff', 16), tonumber('zzzzzzzzzzzzzzzzzzzz', 36), tonumber('-8000000000000000', 16), tonumber('1e1', 16), tonumber('0x10', 16), tonumber('1\0', 10), tonumber('٣', 10), tonumber('1 1', 10))
print(tonumber(nil == nil and 5), tonumber('5'), tonumber(5.0), tonumber('5.0'), tonumber({}), tonumber(print), tonumber(true), tonumber(nil), tonumber('0x'), tonumber('1e'), tonumber(' 0x1p4 '), tonumber('1_0'), tonumber('.'), tonumber('1e400') == math.huge, tonumber '0x1.8p1', tonumber '  -7  ')
print(tostring(nil), tostring(true), tostring(false), tostring(-0.0), tostring(1e15), tostring('s'), tostring(2^63), tostring(MIN), tostring(0x10), tostring(1e300 * 1e10), tostring(3.14159265358979))
-- caesar, rot13, run-length, palindromes, hex dump, base64
local function caesar(str, k) return (str:gsub('%a', function(c) local base = c:match '%l' and 97 or 65; return string.char((c:byte() - base + k) % 26 + base) end)) end
print(caesar('Hello, World!', 3), caesar(caesar('Hello, World!', 3), -3), caesar('abcXYZ', 13))
local function rle(str) return (str:gsub('((.)%2*)', function(run, c) return #run .. c end)) end
local function rle2(str) local out, i = {}, 1; while i <= #str do local c, j = str:sub(i, i), i; while str:sub(j + 1, j + 1) == c do j = j + 1 end out[#out + 1] = (j - i + 1) .. c; i = j + 1 end return table.concat(out) end
print(rle2 'aaabbc', rle2 '', rle2(('x'):rep(100) .. 'y'), pcall(rle, 'aab'))
local b64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
local function enc64(d) return ((d:gsub('.', function(x) local r, b = '', x:byte(); for i = 8, 1, -1 do r = r .. (b % 2 ^ i - b % 2 ^ (i - 1) > 0 and '1' or '0') end return r end) .. '0000'):gsub('%d%d%d?%d?%d?%d?', function(x) if #x < 6 then return '' end local c = 0; for i = 1, 6 do c = c + (x:sub(i, i) == '1' and 2 ^ (6 - i) or 0) end return b64:sub(c // 1 + 1 | 0, c // 1 + 1 | 0) end) .. ({'', '==', '='})[#d % 3 + 1]) end
print(enc64 '', enc64 'f', enc64 'fo', enc64 'foo', enc64 'foobar', #enc64(('binary\0\255'):rep(40)))
local dump = {}
for i = 1, 64, 16 do local line = s:rep(8):sub(i, i + 15); dump[#dump + 1] = ('%04x %s |%s|'):format(i - 1, line:gsub('.', function(c) return ('%02x '):format(c:byte()) end), line:gsub('%c', '.')) end
print(table.concat(dump, '\n'))
