-- §6.7 math: every function, integer/float results, extremes, seeded random, errors
local function n(x) if x ~= x then return 'nan' end if math.type(x) == 'float' then return ('%.13g'):format(x) .. (x == x // 1 and 'f' or '') end return tostring(x) end
local function p(f, ...) local r = table.pack(pcall(f, ...)); for i = 1, r.n do r[i] = type(r[i]) == 'number' and n(r[i]) or type(r[i]) == 'string' and r[i]:gsub('^.-:%d+: ', '') or tostring(r[i]) end print(table.concat(r, ' ')) end
local MAX, MIN = math.maxinteger, math.mininteger
print(MAX, MIN, math.huge, -math.huge, ('%.15f'):format(math.pi), MAX == (1 << 63) - 1, MIN == 1 << 63)
local vals = {0, -0.0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, 3.7, -3.7, 1e15, 1e16, -1e16, 2^53, 2^62, 2^63, -2^63, 1e100, -1e100, 1e308, 5e-324, math.huge, -math.huge, MAX, MIN, '10', '2.5', '0x10'}
for _, v in ipairs(vals) do
  local row = {('%-9s'):format(tostring(v))}
  for _, fn in ipairs {'floor', 'ceil', 'abs', 'tointeger', 'type', 'sqrt', 'exp', 'sin', 'cos', 'tan', 'atan', 'log', 'deg', 'rad'} do
    local ok, r = pcall(math[fn], v)
    local big = (fn == 'sin' or fn == 'cos' or fn == 'tan') and type(v) == 'number' and (v > 1e14 or v < -1e14)
    row[#row + 1] = not ok and 'ERR' or big and '-' or type(r) == 'number' and n(r) or tostring(r)
  end
  local ok, a, b = pcall(math.modf, v)
  row[#row + 1] = n(a) .. '/' .. n(b)
  print(table.concat(row, ' '))
end
for _, v in ipairs {-1, -0.5, 0, 0.3, 1} do p(math.asin, v) p(math.acos, v) end p(math.asin, 2) p(math.acos, -2) p(math.sqrt, -1) p(math.log, -1) p(math.log, 0)
p(math.atan, 1, 1) p(math.atan, -1, -1) p(math.atan, 0, -1) p(math.atan, 1, 0) p(math.atan, 0, 0) p(math.atan, -0.0, -1) p(math.atan, math.huge, math.huge) p(math.atan, '1', '2')
p(math.log, 8, 2) p(math.log, 1024, 2) p(math.log, 1000, 10) p(math.log, 100, 10) p(math.log, 81, 3) p(math.log, 2, 0.5) p(math.log, 10, 1) p(math.log, 0, 2) p(math.log, 1) p(math.log, math.exp(1)) p(math.log, 5, 5.0) p(math.log, MAX, 2)
for _, pr in ipairs {{7, 3}, {-7, 3}, {7, -3}, {-7, -3}, {7.5, 2}, {-7.5, 2}, {7, 2.5}, {MIN, -1}, {MIN, 1}, {MAX, 2}, {5, math.huge}, {-5, math.huge}, {1e308, 3}, {5, 0.0}, {0, 5}, {-6, 2}, {-6.0, 2}, {MIN, MAX}, {'7', '4'}, {5, 0}, {math.huge, 2}} do p(math.fmod, pr[1], pr[2]) end
p(math.max, 1) p(math.max, 1, 2.5, -1) p(math.max, 2, 2.0) p(math.max, 2.0, 2) p(math.min, 2, 2.0) p(math.min, 3, 1, 2) p(math.max, -0.0, 0) p(math.max, MAX, 2^63) p(math.min, MIN, -2^63) p(math.max, '10', 9) p(math.max, math.huge, MAX) p(math.min(1.5, -1.5) == -1.5 and math.min or math.max, 4, 3.0) p(math.max, 0/0, 1) p(math.max, 1, 0/0) p(math.min, 1, 0/0)
p(math.tointeger, 3.0) p(math.tointeger, 3.5) p(math.tointeger, '8') p(math.tointeger, '8.0') p(math.tointeger, 'x') p(math.tointeger, {}) p(math.tointeger, 2^63) p(math.tointeger, -2^63) p(math.tointeger, nil) p(math.tointeger, true) p(math.tointeger, math.huge) p(math.tointeger, 0/0) p(math.tointeger)
p(math.type, 1) p(math.type, 1.0) p(math.type, '1') p(math.type, nil) p(math.type, {}) p(math.type) p(math.ult, 1, 2) p(math.ult, -1, 1) p(math.ult, 1, -1) p(math.ult, 0, MIN) p(math.ult, MAX, MIN) p(math.ult, 2.0, '3') p(math.ult, 1.5, 2) p(math.abs, MIN) p(math.abs, -0.0) p(math.abs, MAX) p(math.abs, '-5') p(math.abs, '-5.0') p(math.floor, '3.7') p(math.ceil, '-3.7') p(math.floor, 'x') p(math.floor, -3.0000001) p(math.ceil, 2^53 + 1)
p(math.modf, 3.7) p(math.modf, -3.7) p(math.modf, 5) p(math.modf, -0.5) p(math.modf, math.huge) p(math.modf, -math.huge) p(math.modf, 0/0) p(math.modf, 1e300) print(math.modf(5), math.modf(-0.3), math.modf(3.0))
-- random: seeded sequences
local function seq(count, ...) local t = {}; for i = 1, count do t[i] = n(math.random(...)) end print(table.concat(t, ' ')) end
print(math.randomseed(42, 7)) seq(8) seq(12, 10) seq(12, -5, 5) seq(4, 0) seq(4, MIN, MAX) seq(6, MAX) seq(6, MIN, 0) seq(6, 1, 1) seq(6, 3.0) seq(6, '6') seq(6, MAX - 3, MAX) seq(5, MIN, MIN + 1)
math.randomseed(123) seq(5, 100) math.randomseed(123) seq(5, 100) math.randomseed(123.0) seq(5, 100) math.randomseed(123, 0) seq(5, 100) math.randomseed(-1, -1) seq(5) math.randomseed(0) seq(5, 1000) math.randomseed(2^53) seq(3, 1000) math.randomseed(MIN, MAX) seq(3, 1000)
p(math.random, 0, -1) p(math.random, 2, 1) p(math.random, -1) p(math.random, 1, 2, 3) p(math.random, 1.5) p(math.random, 'a') p(math.random, MAX, MIN)
math.randomseed(42, 7)
local hist, lo, hi, sum = {}, 1, 0, 0
for i = 1, 12000 do local r = math.random(6); hist[r] = (hist[r] or 0) + 1; local f = math.random(); lo, hi, sum = math.min(lo, f), math.max(hi, f), sum + f end
print(table.concat(hist, ' '), ('%.6f %.6f %.3f'):format(lo, hi, sum / 12000))
-- monte carlo, shuffles, newton, gcd, primes, integration, statistics
local inside = 0; for i = 1, 20000 do local x, y = math.random(), math.random(); if x * x + y * y <= 1 then inside = inside + 1 end end print(inside)
local deck = {}; for i = 1, 52 do deck[i] = i end for i = 52, 2, -1 do local j = math.random(i); deck[i], deck[j] = deck[j], deck[i] end print(table.concat(deck, ' '))
local function isqrt(k) local x = k; local y = (x + 1) // 2; while y < x do x = y; y = (x + k // x) // 2 end return x end
print(isqrt(0), isqrt(1), isqrt(99), isqrt(MAX), isqrt(1 << 62), isqrt(10^18 | 0))
local area = 0.0; for i = 0, 9999 do local x = (i + 0.5) / 10000; area = area + 4 / (1 + x * x) / 10000 end print(('%.10f'):format(area))
local m2, mean = 0.0, 0.0; for i = 1, 1000 do local x = (i * 7919 % 1009) / 10; local d = x - mean; mean = mean + d / i; m2 = m2 + d * (x - mean) end print(('%.8f %.8f'):format(mean, math.sqrt(m2 / 999)))
