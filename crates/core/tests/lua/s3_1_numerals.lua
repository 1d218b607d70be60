-- §3.1 numerals: decimal, hexadecimal, floats, hex floats, wraparound, malformed numbers
local function show(...)
  local t = table.pack(...)
  for i = 1, t.n do
    io.write(math.type(t[i]), ':', string.format(math.type(t[i]) == 'float' and '%.17g' or '%d', t[i]), ' ')
  end
  print()
end
show(3, 345, 0xff, 0xBEBADA, 0, 00, 007)
show(3.0, 3.1416, 314.16e-2, 0.31416E1, 34e1, 3., .5, 5e+2, 5E-2)
show(0x0.1E, 0xA23p-4, 0X1.921FB54442D18P+1, 0x.8, 0x8., 0x1p0, 0x1P+10, 0xAp-1)
show(9223372036854775807, 9223372036854775808, 9223372036854775806, 18446744073709551615)
show(0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x10000000000000000, 0x1ffffffffffffffff)
show(-9223372036854775808, -9223372036854775807, -9223372036854775807 - 1)
show(1e308, 1e-308, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308)
show(0.1, 0.2, 0.1 + 0.2, 1/3, 2/3, 1e15, 1e16, 123456789012345678)
show(0x1p-1074, 0x1p1023, 0x0p5, 0x1.fffffffffffffp1023)
print(1e309 == math.huge, -1e309 == -math.huge, 1e-400 == 0)
print(0xA, 0Xa, 0xa.8p0, 0x.1p4, 1e2, 1E2, .1e1)
print(1, 1.0, -0.0, 0.0, 1e100, 1e14, 1e15, 1e16, 1e17, 123456.789e3)
print(2^53, 2^63, -2^63, 2^31, 2^0.5, 10 // 3, 10 / 2)
print(3 == 3.0, math.type(3) == math.type(3.0), 0x10p0 == 16, 1e0 == 1)

-- the same set through tonumber
for _, s in ipairs {
  '0', '00012', '0x', '0x1', '0xg', '1e', '1e+', '1e5', '1e+5', '1E-5', '.', '.5', '5.', '.e1', '0x.p1', '0x.8p1',
  '0x1p', '0x1p+', '0x1p-2', '  12  ', '12 a', '1 2', '- 1', '-1', '+1', '--1', '+-1', '-0x10', '+0x10', '-.5', '1..2',
  'inf', 'nan', 'INF', 'NaN', '-inf', 'infinity', '0b1', '1_000', '1f', '0x1.8', '1e1.5', '', ' ', '\t\n7\v\f\r ',
  '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809',
  '0xffffffffffffffff', '0x1ffffffffffffffff', '0x7fffffffffffffff.0', '1e308', '1e309', '1\0', '0x1\0', '1n', '١',
} do
  local n = tonumber(s)
  print(string.format('%q', s), n, math.type(n))
end

-- numbers at the end of other tokens
local function bad(src)
  local f, m = load(src, '=num')
  print(src, f and 'compiled' or m)
end
bad('return 1e')
bad('return 1e+')
bad('return 0x')
bad('return 0xg')
bad('return 3x')
bad('return 3..2')
bad('return 3...2')
bad('return 1.2.3')
bad('return 0x1p')
bad('return 0x1pz')
bad('return 0x.p1')
bad('return 12abc')
bad('return 0b101')
bad('return 1_000')
bad('return 1e5e5')
bad('return 0xep1')
bad('return 0xe+1')
bad('return 0x1e-1')
bad('return 1e-1-1')
bad('return 08')
bad('return .5.')
bad('x = 5 6')
bad('return ' .. ('9'):rep(220) .. 'x')
bad('return ' .. ('9'):rep(40))
print(load('return ' .. ('9'):rep(40))())
print(load('return 0x' .. ('f'):rep(40))())
print(load('return 0.' .. ('0'):rep(100) .. '1')())
print(load('return 1' .. ('0'):rep(300) .. 'e-300')())

-- round trip of formatted numbers
for _, x in ipairs {0.1, 1/3, 1e100, 5e-324, 123456789.123, 2^53 + 1, -1e-7, 1e15, 1e16, 3.14159265358979} do
  local s = string.format('%a', x)
  local q = string.format('%.17g', x)
  print(x, q, s, tonumber(s) == x, tonumber(q) == x, load('return ' .. s)() == x)
end
