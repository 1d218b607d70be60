-- §6.5 utf8: char charpattern codepoint codes len offset, lax mode, invalid sequences
local function p(...) local r = table.pack(pcall(...)); local ok = r[1]; for i = 1, r.n do if type(r[i]) == 'string' then r[i] = ok and ('%q'):format(r[i]) or r[i]:gsub('^.-:%d+: ', '') end r[i] = tostring(r[i]) end print(table.concat(r, ' ')) end
p(utf8.char) p(utf8.char, 72, 228, 8364, 0x10FFFF, 0x1F600) p(utf8.char, 0) p(utf8.char, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000) p(utf8.char, 0xd800) p(utf8.char, 0x110000) p(utf8.char, 0x7fffffff) p(utf8.char, 0x80000000) p(utf8.char, -1) p(utf8.char, '65', 66.0) p(utf8.char, 1.5)
print(#utf8.charpattern, ('%q'):format(utf8.charpattern))
local strs = {'', 'abc', 'héllo', '日本語', '\u{1F600}x\u{10FFFF}', 'a\0b', '\u{7FF}\u{800}\u{FFFF}', '\u{D7FF}\u{E000}', 'mixed ä€\u{10348} end'}
for _, s in ipairs(strs) do
  local cps = {}
  for i, c in utf8.codes(s) do cps[#cps + 1] = i .. ':' .. c end
  print(#s, utf8.len(s), table.concat(cps, ' '), table.concat({utf8.codepoint(s, 1, -1)}, ','))
  local offs = {}
  for n = -4, 6 do offs[#offs + 1] = tostring(utf8.offset(s, n)) end
  print(table.concat(offs, ' '))
  local back = {}
  for _, c in utf8.codes(s) do back[#back + 1] = utf8.char(c) end
  assert(table.concat(back) == s)
  local pat = 0
  for c in s:gmatch(utf8.charpattern) do pat = pat + 1 end
  print(pat, s:gsub(utf8.charpattern, '.'))
end
local h = 'aé€\u{1F600}z' -- 1, 2-3, 4-6, 7-10, 11
for i = -12, 13 do p(utf8.len, h, i) end
for i = 1, 12 do p(utf8.len, h, 1, i) p(utf8.codepoint, h, i) p(utf8.offset, h, 0, i) p(utf8.offset, h, 1, i) p(utf8.offset, h, -1, i) p(utf8.offset, h, 2, i) end
p(utf8.codepoint, h) p(utf8.codepoint, h, -1) p(utf8.codepoint, h, 1, 3) p(utf8.codepoint, h, 2, 2) p(utf8.codepoint, h, 4, 1) p(utf8.codepoint, h, 0) p(utf8.codepoint, h, 12) p(utf8.codepoint, h, 1, 12) p(utf8.codepoint, h, -100) p(utf8.codepoint, '', 1, 0) p(utf8.codepoint, 'abc', 2, -1)
p(utf8.offset, h, 5) p(utf8.offset, h, 6) p(utf8.offset, h, 7) p(utf8.offset, h, -5) p(utf8.offset, h, -6) p(utf8.offset, h, 0) p(utf8.offset, h, 1, -1) p(utf8.offset, h, -1, 12) p(utf8.offset, h, 1, 13) p(utf8.offset, h, 1, -12) p(utf8.offset, 'x', 0, 2) p(utf8.offset, '', 0) p(utf8.offset, '', 1) p(utf8.offset, '', 2)
p(utf8.len, '', 1) p(utf8.len, '', 2) p(utf8.len, 'abc', 4) p(utf8.len, 'abc', 5) p(utf8.len, 'abc', 0) p(utf8.len, 'abc', 1, 4) p(utf8.len, 'abc', 3, 1) p(utf8.len, 123)
-- invalid sequences
local function two(a, b) return tostring(a) .. ',' .. tostring(b) end
local function iter(s, lax) local t = {}; local ok, m = pcall(function() for i, c in utf8.codes(s, lax) do t[#t + 1] = i .. ':' .. ('%X'):format(c) end end); return table.concat(t, ' ') .. (ok and '' or ' ! ' .. m:gsub('^.-:%d+: ', '')) end
for _, s in ipairs {'\x80', '\xbf', 'a\x80', '\xc3', '\xc3a', '\xe2\x82', '\xe2\x82a', '\xf0\x9f\x98', '\xff', '\xfe', '\xc0\x80', '\xc1\xbf', '\xe0\x80\x80', '\xe0\x9f\xbf', '\xf0\x80\x80\x80', '\xed\xa0\x80', '\xed\xbf\xbf', '\xf4\x90\x80\x80', '\xf7\xbf\xbf\xbf', '\xf8\x88\x80\x80\x80', '\xfb\xbf\xbf\xbf\xbf', '\xfc\x84\x80\x80\x80\x80', '\xfd\xbf\xbf\xbf\xbf\xbf', 'ok\xe9bad', 'é\x80', '\xf0\x9f\x98\x80\x80', '\xc3\xa9\xa9'} do
  print(('%q'):format(s), two(utf8.len(s)), two(utf8.len(s, 1, -1, true)), iter(s), '|', iter(s, true))
  p(utf8.codepoint, s, 1, -1) p(utf8.codepoint, s, 1, -1, true)
end
p(utf8.codes, nil) p(utf8.codes) p(function() local f, s, i = utf8.codes 'aé'; local a, b = f(s, i); local c, d = f(s, a); return type(f), s, i, a, b, c, d, f(s, c) end)
p(function() for i, c in utf8.codes 'ab\xff' do end end) p(function() local f, s = utf8.codes 'abc'; return f(s, 3) end) p(function() local f, s = utf8.codes 'abc'; return f(s, 100) end) p(function() local f, s = utf8.codes 'é'; return f(s, 1) end)
-- round trip over many code points, reversing, truncation, width
local bad, total = 0, 0
for c = 0, 0x10FFFF, 379 do
  if c < 0xD800 or c > 0xDFFF then
    local s = utf8.char(c)
    total = total + #s
    if utf8.codepoint(s) ~= c or utf8.len(s) ~= 1 or utf8.offset(s, 2) ~= #s + 1 or load(('return "\\u{%X}"'):format(c))() ~= s and c % 3 == 0 then bad = bad + 1 end
  end
end
print(bad, total)
local function rev(s) local t = {}; for _, c in utf8.codes(s) do table.insert(t, 1, utf8.char(c)) end return table.concat(t) end
local function trunc(s, n) return utf8.len(s) <= n and s or s:sub(1, utf8.offset(s, n + 1) - 1) .. '…' end
print(rev 'añb€', trunc('日本語テキスト', 3), trunc('abc', 3), rev(rev(h)) == h)
local big = ('aé€\u{1F600}'):rep(400)
print(utf8.len(big), utf8.offset(big, 1000), utf8.offset(big, -1000), utf8.codepoint(big, utf8.offset(big, 1200)))
