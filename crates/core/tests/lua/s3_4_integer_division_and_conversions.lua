-- §3.4.1-3.4.3 arithmetic: integer/float results, // and % on negatives, overflow, string coercions
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
local MAX, MIN = math.maxinteger, math.mininteger
local function num(x) if x ~= x then return 'nan' end return tostring(x) end
local vals = {7, -7, 3, -3, 1, -1, 7.5, -7.5, 2.0, -2.0, 0.5, MAX, MIN, 1e308, -1e308, math.huge, -math.huge}
for _, a in ipairs(vals) do
  local row = {num(a)}
  for _, b in ipairs(vals) do row[#row + 1] = num(a // b) .. '|' .. num(a % b) end
  print(table.concat(row, ' '))
end
for _, a in ipairs(vals) do
  local row = {num(a)}
  for _, b in ipairs(vals) do row[#row + 1] = num(a + b) .. '|' .. num(a - b) .. '|' .. num(a * b) .. '|' .. num(a / b) end
  print(table.concat(row, ' '))
end
for _, a in ipairs {2, -2, 0.5, 10, 0, -8, 1e10, math.huge} do
  local row = {}
  for _, b in ipairs {0, 1, 2, -1, 0.5, 3, 100, -0.5, math.huge} do row[#row + 1] = num(a ^ b) end
  print(table.concat(row, ' '))
end
-- invariants over many pairs, folded and not folded
local bad = 0
for a = -40, 40 do
  for b = -12, 12 do
    if b ~= 0 then
      if (a // b) * b + a % b ~= a then bad = bad + 1 end
      if math.type(a // b) ~= 'integer' or math.type(a / b) ~= 'float' then bad = bad + 1 end
      if (a % b) * b < 0 then bad = bad + 1 end
      if a // b ~= math.floor(a / b) then bad = bad + 1 end
      local fa, fb = a + 0.0, b + 0.0
      if fa // fb ~= a // b or fa % fb ~= a % b then bad = bad + 1 end
    end
  end
end
print('violations', bad)
print(7 // 2, -7 // 2, 7 // -2, -7 // -2, 7 % 3, -7 % 3, 7 % -3, -7 % -3)
print(7.0 // 2, -7 // 2.0, 7 % 3.0, -7.0 % 3, 7 % -3.0, 5.3 % 2, -5.3 % 2, 5.3 // 1, -0.0 // 1)
print(MAX + 1 == MIN, MIN - 1 == MAX, -MIN == MIN, MIN * -1 == MIN, MAX * 2, MIN * 2, MAX * MAX, MIN * MIN)
print(MIN // -1, MIN % -1, MIN // 1, MAX // -1, MIN % MAX, MAX % MIN, MIN // MAX, MAX // MIN)
print(1 // 0.0, -1 // 0.0, num(0 // 0.0), num(5 % 0.0), 5 % math.huge, -5 % math.huge, 5 % -math.huge, -5 % -math.huge)
print(1 / 0, -1 / 0, 1 / -0.0, 0 / 5, 0.0 / -5, 0 * -1, 0.0 * -1, -0.0 == 0.0, 1 / (0.0 * -1))
e(function() return 1 // 0 end) e(function() return 1 % 0 end) e(function() local z = 0; return 5 // z end) e(function() local z = 0; return 5 % z end)
e(function() return MIN // 0 end) e(function() return 0 % 0 end)
print(1e15, 1e15 + 0.5, 2^53 + 1, (2^53 | 0) + 1, 100000000000000, 1e14 // 1, 3 | 0, 2^31 | 0)
print(0.1 + 0.2 == 0.3, 0.5 + 0.5 == 1, 1 + 1.0, 10 - 10.0, 2 * 3.0, 6 / 2, 2 ^ 2, 7 // 1.0, 3 % 1.5)

-- strings are coerced by arithmetic through the string metamethods
print('10' + 5, '10' * '2', '3.0' + 1, '0x10' + 0, ' 5 ' - 1, '1e1' // 1, '7' // '2', '7' % '4', '2' ^ '3', -'2', -'2.0', -' 0x1p1 ')
print(10 .. 20, 1.5 .. '|', -0.0 .. '', 2^63 .. '', MIN .. '', 1e100 .. '')
print('9223372036854775807' + 1, '9223372036854775808' + 0, math.type('10' + 0), math.type('10.' + 0), math.type('1e1' * 1))
e(function() return 'abc' + 1 end) e(function() return 1 + 'abc' end) e(function() return '1' + {} end) e(function() return {} + '1' end)
e(function() return '' + 1 end) e(function() return '1 2' * 3 end) e(function() return -'x' end) e(function() return '10' + nil end)
e(function() return 'a' - true end) e(function() local s = 'x'; return s * 2 end) e(function() local t = {x = 'y'}; return t.x ^ 2 end)
e(function() return '1' // 0 end) e(function() return '5' % '0' end) e(function() return '\0' + 0 end)
-- comparison does not coerce
e(function() return 1 < '2' end) e(function() return '1' <= 2 end) e(function() return {} < {} end) e(function() return nil < 1 end) e(function() return true >= false end) e(function() return print < print end)
print('10' == 10, 0 == '0', 1 == 1.0, '1' == '1.0')

-- precedence and associativity
print(2 + 3 * 4 ^ 2 / 2, (2 + 3) * 4, 2 ^ 3 ^ 2, (2 ^ 3) ^ 2, -2 ^ 2, (-2) ^ 2, 2 ^ -1, -3 % 5, -(3 % 5), 10 - 3 - 2, 100 / 10 / 2, 2 * 3 % 4)
print(1 .. 2 .. 3, 'a' .. 1 + 2 .. 'b', 1 + 1 .. '', 2 ^ 2 .. '', not nil == true, not (nil == true), not 1 == 2, #'abc' + 1, -#'abc', - - 2)
print(1 < 2 == true, 1 + 1 < 3 and 2 or 3, 1 or error 'no', nil and error 'no', false or nil, 1 == 1 ~= false, 'a' < 'b' == ('b' > 'a'))
print(5 & 3 | 8, 5 | 3 & 8, 5 ~ 3 & 1, 1 << 2 + 1, (1 << 2) + 1, 6 & (3 == 3 and 2 or 0), ~0 & 0xf, ~5 + 1, -1 >> 60)
e(function() return 3 .. 4 | 1 end) e(function() return 2 | 1 .. 1 end)
print(1 .. -1, 2 - -2, 2 ^ - 2, not not 1, ~~5, -~5, ~-5, 7 // 2 * 2 + 7 % 2)
