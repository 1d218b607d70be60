-- §6.4 string.find/match/gmatch/gsub: classes, sets, anchors, captures, %b, %f, back references, replacement kinds
local function q(...) local t = table.pack(...); for i = 1, t.n do t[i] = type(t[i]) == 'string' and ('%q'):format(t[i]):gsub('\\\n', '\\n') or tostring(t[i]) end print(table.concat(t, ' ')) end
q(('hello world'):find 'wor') q(('hello world'):find('o', 6)) q(('hello'):find('l', -2)) q(('hello'):find('l', -100)) q(('hello'):find('', 10)) q(('hello'):find('', 6)) q(('hello'):find('', 7)) q((''):find '') q((''):find('', 2)) q(('hello'):find 'xyz') q(('a.b'):find('.', 1, true)) q(('a.b'):find('.', 2, true)) q(('a+b'):find('+', 1, true)) q(('a\0b'):find '\0') q(('a\0b\0c'):find('\0c', 1, true)) q(('aXb'):find('%u')) q(('abc'):find('b', nil, true)) q(('abc'):find('(b)(c)')) q(('abc'):find('()b()')) q(('aaa'):find('a-', 2)) q(('aaa'):find('^a', 2)) q(('aaa'):find('a$', 1)) q(('a$a'):find('$', 1, true)) q(('a$a'):find('$a')) q(('a^a'):find('a^'))
q(('key = value'):match '^(%w+)%s*=%s*(%w+)$') q(('  trim  '):match '^%s*(.-)%s*$') q(('2024-01-15'):match '(%d+)-(%d+)-(%d+)') q(('abc'):match '.-') q(('abc'):match '.-$') q(('abc'):match '(.)(.)(.)') q(('abc'):match '()') q(('abc'):match('()', 4)) q(('abc'):match('x*')) q(('xxabc'):match('x*')) q(('xxabc'):match('x+')) q(('xxabc'):match('x?x?x?a')) q(('abc123'):match '%a+%d+') q(('abc'):match '((a)(b))') q(('f(a(b)c)d'):match '%b()') q(('((('):match '%b()') q(('{{x}}'):match '%b{}') q(('"a" "b"'):match '"(.-)"') q(('aa bb'):match '(%w)%1 (%w)%2') q(('THE (quick) fox'):find '%((%a+)%)') q(('THE (quick) fox'):gsub('%f[%a]%a+', string.lower)) q(('foo.bar'):match '%f[%w]%w+$') q(('x'):match '%f[%z]') q(('x'):find '%f[\0]') q(('[]]'):match '[]]+') q(('a-z'):match '[a%-z]+') q(('a-z'):match '[a-]+') q(('^x'):match '[%^x]+') q(('x^'):match '[x^]+') q(('abc'):match '[^a-b]') q(('é'):match '[\xc3][\xa9]') q(('a]b'):match '[^]]+') q(('0x1F'):match '^0[xX](%x+)$') q(('\n\t '):match '^%s+$') q(('a,b,,c'):match '([^,]*),([^,]*),([^,]*),([^,]*)') q(('abc'):match('^b', 2)) q((''):match '') q(('a'):match '%%?') q(('%d'):match '%%d')
-- every class against every byte
for _, c in ipairs {'a', 'c', 'd', 'g', 'l', 'p', 's', 'u', 'w', 'x', 'A', 'C', 'D', 'G', 'L', 'P', 'S', 'U', 'W', 'X', '.'} do
  local cls = c == '.' and '.' or '%' .. c
  local n, sum, set = 0, 0, 0
  for b = 0, 255 do
    if string.char(b):match('^' .. cls .. '$') then n = n + 1; sum = sum + b end
    if string.char(b):match('^[' .. cls .. '_]$') then set = set + 1 end
    assert((string.char(b):find(cls) ~= nil) == (string.char(b):match('[^' .. (c == '.' and '\0-\255' or cls) .. ']') == nil) or c == '.')
  end
  print(cls, n, sum, set)
end
-- gmatch
local function all(s, p, ...) local t = {}; for a, b in s:gmatch(p, ...) do t[#t + 1] = tostring(a) .. (b and '|' .. tostring(b) or '') end q(#t, table.concat(t, ';')) end
all('one two  three', '%a+') all('a=1, b=2', '(%w+)=(%w+)') all('abc', '') all('abc', '()') all('aXbXc', '[^X]*') all('aaa', 'a-') all('aaa', '^a') all('hello', 'l', 4) all('hello', '.', -2) all('hello', '.', 10) all('hello', '.', -100) all('', '.') all('', '.*') all('x\0y', '%Z') all('  a b ', '%S*') all('aba', 'a*') all(('ab'):rep(20), 'ab')
do local g = ('a b c'):gmatch '%a' q(g()) q(g()) q(g()) q(g()) q(g()) end
-- gsub
q(('hello world'):gsub('o', '0')) q(('hello world'):gsub('o', '0', 1)) q(('hello'):gsub('', '-')) q(('hello'):gsub('l*', 'x')) q(('abc'):gsub('%w', '%0%0')) q(('abc'):gsub('%w', '%1')) q(('hello world'):gsub('(%w+) (%w+)', '%2 %1')) q(('abc'):gsub('b', '%%')) q(('abc'):gsub('.', {a = 1, b = true and 'B', c = false})) q(('abc'):gsub('.', {a = 2.5})) q(('abc'):gsub('(a)(b)', {a = 'found'})) q(('abc'):gsub('.', function(c) if c == 'b' then return nil elseif c == 'c' then return false end return c:upper() end)) q(('abc'):gsub('()', function(p) return p end)) q(('a b'):gsub('%s', '%%20')) q(('x = 1'):gsub('(%w) = (%w)', function(a, b) return b .. ' = ' .. a, 'ignored' end)) q(('abc'):gsub('^a', 'X')) q(('aaa'):gsub('^a', 'X')) q(('abc'):gsub('c$', 'X')) q(('abc'):gsub('$', 'X')) q(('abc'):gsub('^', 'X')) q(('a.b.c'):gsub('%.', '/')) q(('abc'):gsub('b', '', 0)) q(('abc'):gsub('b', '', -1)) q(('abc'):gsub('.', '', 2)) q((''):gsub('', 'x')) q((''):gsub('.', 'x')) q(('abab'):gsub('a(b)', '<%0%1>')) q(('äö'):gsub('[\x80-\xff]+', '?')) q(('\0a\0'):gsub('%z', '0')) q(('$name is $age'):gsub('%$(%w+)', {name = 'Bob', age = 42})) q(('f(x(y)) g(z)'):gsub('%b()', '()')) q(('THE fox'):gsub('%f[%w]%w', '*')) q(('one  two'):gsub('%s+', ' ')) q(('abc'):gsub('(b)()', '%2%1')) q(('1 2 3'):gsub('%d', function(d) return d * 2 end)) q(('x'):gsub('x', 5)) q(('x'):gsub('x', 1.5)) q(('abc'):gsub('a', 'x', 1.0))
-- captures: up to 32, positions, nested, unmatched optional
q(('abcdefghijklmnopqrstuvwxyz012345'):match(('(.)'):rep(32))) q(pcall(string.match, ('a'):rep(40), ('(a)'):rep(33))) q(('abc'):match '(a)(x?)(b)') q(('abc'):match '(((a)b)c)') q(('aXb'):match '(%l*)(%u*)(%l*)') q(('abc'):find '(a*(.)%w(%s*))')
-- classic uses
q(('CamelCaseString'):gsub('(%l)(%u)', '%1_%2')) q((('%s'):rep(3, ',')):format(1, 2, 3)) q(('a,b,c'):gsub(',', {[','] = ';'})) q(('/usr/local/lib/x.so'):match '([^/]+)%.(%w+)$') q(('http://host:80/p?q=1'):match '^(%a+)://([^:/]+):?(%d*)(/?[^?]*)%??(.*)$') q(('192.168.1.254'):match '^(%d+)%.(%d+)%.(%d+)%.(%d+)$') q((('a b&c=é'):gsub('[^%w]', function(c) return ('%%%02X'):format(c:byte()) end))) q((('a%20b%26'):gsub('%%(%x%x)', function(h) return string.char(tonumber(h, 16)) end))) q((('1234567.89'):reverse():gsub('(%d%d%d)', '%1,'))) q(('line1\nline2\r\nline3'):match '^(.-)\r?\n(.-)\r?\n(.*)$')
-- heavier: tokenizing a generated program, back-tracking
local src = {}
for i = 1, 150 do src[i] = ('local v%d = f%d(%d, "s%d") -- c%d'):format(i, i % 7, i * i, i, i) end
src = table.concat(src, '\n')
local counts, pos = {id = 0, num = 0, str = 0, com = 0, op = 0}, 1
while pos <= #src do
  local _, e2 = src:find('^%s+', pos); if e2 then pos = e2 + 1 end
  local s, e3 = src:find('^%-%-[^\n]*', pos) local k = 'com'
  if not s then s, e3 = src:find('^[%a_][%w_]*', pos) k = 'id' end
  if not s then s, e3 = src:find('^%d+', pos) k = 'num' end
  if not s then s, e3 = src:find('^"[^"]*"', pos) k = 'str' end
  if not s then s, e3, k = pos, pos, 'op' end
  counts[k] = counts[k] + 1; pos = e3 + 1
end
print(counts.id, counts.num, counts.str, counts.com, counts.op)
print((('a'):rep(60)):match('^(a-)(a-)(a-)b$'), (('ab'):rep(300)):match '(.-)(ab)$' ~= nil, #(('x'):rep(2000)):gsub('x', 'yy'), select(2, src:gsub('%w+', string.upper)))
