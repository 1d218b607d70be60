-- §3.4.4 relational operators: integer/float edge cases, strings with zeros, identity, sorting mixed numbers
local MAX, MIN = math.maxinteger, math.mininteger
local nan = 0/0
local function b(x) return x and '1' or '0' end
local vals = {
  {'MIN', MIN}, {'-2^63', -2^63}, {'-2^63-2048', -2^63 - 2048.0}, {'-1', -1}, {'-0.0', -0.0}, {'0', 0}, {'0.5', 0.5}, {'1', 1}, {'1.0', 1.0},
  {'2^53', 2^53}, {'i2^53', 1 << 53}, {'i2^53+1', (1 << 53) + 1}, {'2^53+2', 2^53 + 2}, {'MAX-1', MAX - 1}, {'MAX', MAX}, {'2^63', 2^63},
  {'prev2^63', 0x1.fffffffffffffp62}, {'2^64', 2^64}, {'inf', math.huge}, {'-inf', -math.huge}, {'nan', nan},
}
for _, p in ipairs(vals) do
  local row = {}
  for _, q in ipairs(vals) do
    local x, y = p[2], q[2]
    row[#row + 1] = b(x < y) .. b(x <= y) .. b(x > y) .. b(x >= y) .. b(x == y) .. b(x ~= y)
  end
  print(string.format('%-11s', p[1]), table.concat(row, ' '))
end
-- comparisons against constants (immediate operands)
local function imm(x)
  return b(x < 1) .. b(x <= 1) .. b(x > 1) .. b(x >= 1) .. b(x == 1) .. b(1 < x) .. b(1 <= x) .. b(x < -100) .. b(x > 127) .. b(x < 128) .. b(x >= -128)
    .. b(x < 1.0) .. b(x >= 2.0) .. b(x == 1.0) .. b(x == 1.5) .. b(x ~= 0) .. b(x < 100000) .. b(x == 100000)
end
for _, p in ipairs(vals) do io.write(imm(p[2]), ' ') end print()
print(nan == nan, nan ~= nan, nan < nan, nan <= nan, not (nan < 1), not (nan >= 1), rawequal(nan, nan))
print(math.ult(1, -1), math.ult(-1, 1), MAX < MAX + 0.0, MAX <= MAX + 0.0, MAX + 0.0 == MAX, MAX + 0.0 == 2^63, MIN + 0.0 == MIN)
-- tables indexed by mixed numbers
local t = {[1] = 'int', [2^53] = 'f53'}
print(t[1.0], t[1 << 53], t[(1 << 53) + 1], t[2^53 + 1])

-- strings
local strs = {'', '\0', 'a', 'a\0', 'a\0b', 'a\0c', 'aa', 'ab', 'b', 'A', 'Z', '_', '0', '9', '10', '\127', ' ', 'abc', 'abd', 'ab\0'}
for _, p in ipairs(strs) do
  local row = {}
  for _, q in ipairs(strs) do row[#row + 1] = b(p < q) .. b(p <= q) .. b(p == q) end
  print(string.format('%q', p):gsub('\n', '\\n'), table.concat(row, ' '))
end
print(('x'):rep(100) == ('x'):rep(100), ('x'):rep(100) .. 'a' < ('x'):rep(100) .. 'b', ('x'):rep(41) == ('x'):rep(40))
local long1, long2 = ('long'):rep(50), ('lo'):rep(1) .. ('nglo'):rep(49) .. 'ng'
print(long1 == long2, rawequal(long1, long2), ({[long1] = 'found'})[long2])
-- identity
local t1, t2 = {}, {}
print(t1 == t1, t1 == t2, t1 ~= t2, print == print, (function() end) == (function() end), 'a' == 97, nil == false, t1 == nil)
local f1 = function() return t1 end
print(f1 == f1, coroutine.create(f1) == coroutine.create(f1))

-- sorting mixed integers and floats is exact
local mixed = {}
for i = 0, 40 do
  mixed[#mixed + 1] = (1 << 53) + i
  mixed[#mixed + 1] = 2^53 + i * 2
  mixed[#mixed + 1] = -((1 << 53) + i)
  mixed[#mixed + 1] = i / 8
end
table.sort(mixed)
local ok = true
for i = 2, #mixed do if mixed[i] < mixed[i - 1] then ok = false end end
print(#mixed, ok)
for i = 1, #mixed, 9 do io.write(string.format('%.17g ', mixed[i])) end print()
-- transitivity over a big random sample (seeded)
math.randomseed(42, 7)
local bad, sample = 0, {}
for i = 1, 40 do
  local r = math.random(0)
  sample[#sample + 1] = r
  sample[#sample + 1] = r + 0.0
end
for _, p in ipairs(sample) do for _, q in ipairs(sample) do
  local n = (p < q and 1 or 0) + (p == q and 1 or 0) + (p > q and 1 or 0)
  if n ~= 1 then bad = bad + 1 end
  if (p <= q) ~= (p < q or p == q) then bad = bad + 1 end
end end
print('bad', bad)
