-- §6.4 string.format: %d %i %u-less integers, %x %X %o %c %e %E %f %g %G %a %A %s %q %%, flags, widths, precisions
local function f(fmt, ...) local r = table.pack(pcall(string.format, fmt, ...)); print(('%-14s'):format(fmt), r[1] and '[' .. r[2] .. ']' or (r[2]:gsub('^.-:%d+: ', ''))) end
for _, fmt in ipairs {'%d', '%5d', '%-5d|', '%05d', '%+d', '% d', '%.3d', '%8.3d', '%-8.3d|', '%+05d', '%i', '%3i', '%x', '%X', '%#x', '%#X', '%08x', '%-8x|', '%o', '%#o', '%.5x', '%c', '%5c', '%-5c|', '%99d', '%.99d'} do
  for _, v in ipairs {0, 1, 65, 42, 97} do f(fmt, v) end
end
for _, v in ipairs {-1, -42, math.maxinteger, math.mininteger, 3.0, -0.0, 2^53, '10', '0x10', ' 7 ', 1e15} do f('%d', v) f('%5.3d', v) f('%x', v) f('%o', v) end
for _, fmt in ipairs {'%e', '%E', '%.0e', '%10.3e', '%f', '%.0f', '%.3f', '%10.2f', '%-10.2f|', '%+.1f', '% f', '%010.3f', '%#.0f', '%g', '%G', '%.3g', '%#g', '%10.4g', '%.14g', '%.17g', '%a', '%A', '%.0a', '%.3a', '%+a', '%20a', '%.99f', '%99.10f'} do
  for _, v in ipairs {0, 1, -1, 0.1, 1e10, 123456.789, 1e-5, 1/3, 2^60, -2.5, 1e300, 5e-324, math.huge, -math.huge, '3.5'} do f(fmt, v) end
end
for _, fmt in ipairs {'%s', '%10s', '%-10s|', '%.2s', '%10.2s', '%-10.2s|', '%.0s', '%.20s', '%99s'} do
  for _, v in ipairs {'hello', '', 'a', 42, 1.0, true} do f(fmt, v) end
  f(fmt, nil) f(fmt, setmetatable({}, {__tostring = function() return 'custom' end}))
end
f('%s', 'zero\0inside') f('%.3s', 'a\0bc') f('%s', ('long'):rep(50)) f('%5s', 'a\0b') f('%.100s', ('x'):rep(99)) f('%s %s %s', 1, 2, 3) f('%s', 'extra', 'args') f('%%') f('100%%') f('%5%') f('') f('no directives') f('%s%%%d', 'p', 5)
-- %q
for _, v in ipairs {'plain', 'quote"s', "single'", 'back\\slash', 'new\nline', 'cr\rlf\n', 'nul\0', 'nul\0digit1', '\1\2\0033', '\127\128\255', 'tab\t', '', 'é', '\r', '\r1', 0, 1, -1, 1.5, -0.0, 0.1, 1/3, 1e100, 2^63, -2^63, math.maxinteger, math.mininteger, math.mininteger + 1, math.huge, -math.huge, true, false} do
  local s = string.format('%q', v)
  print(s, load('return ' .. s)() == v, math.type(load('return ' .. s)()) == math.type(v))
end
print(string.format('%q', nil), string.format('%q', 0/0), string.format('%p', 1), string.format('%p', nil), string.format('%p', true), string.format('%-8p|', 2), #string.format('%p', {}) > 3, string.format('%p', print) == string.format('%p', print))
f('%p') f('%.3p', 1) f('%10p', 1)
-- round trips
local ok = 0
math.randomseed(42, 7)
for i = 1, 300 do
  local x = (math.random() - 0.5) * 10 ^ math.random(-20, 20)
  if tonumber(string.format('%.17g', x)) == x and tonumber(string.format('%a', x)) == x and load(string.format('return %q', x))() == x then ok = ok + 1 end
  local n = math.random(0)
  if tonumber(string.format('%d', n)) == n and tonumber(string.format('0x%x', n)) == n and load(string.format('return %q', n))() == n then ok = ok + 1 end
end
print(ok)
for i = 1, 20 do local t = {}; for k = 1, math.random(0, 12) do t[k] = string.char(math.random(0, 255)) end local s = table.concat(t); assert(load('return ' .. string.format('%q', s))() == s) end
-- tables of values
for i = 1, 12 do print(string.format('%2d|%6.2f|%-6s|%06X|%+4d|%e|%s', i, i / 7, ('x'):rep(i % 6), i * 4099, i % 2 == 0 and i or -i, 2.0 ^ (i * 7), i % 3 == 0)) end
print(tostring(1e15), tostring(1e14), tostring(123456789012.5), tostring(0.1), tostring(-0.0), tostring(1e100), tostring(2^24), tostring(1e-7), tostring(12345678901234567890), 3 | 0, 100 // 1e0, 7.0, -7.25e-10, 1e16, 0x7fffffffffffffff + 0.0)
