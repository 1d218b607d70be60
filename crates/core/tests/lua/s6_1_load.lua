-- §6.1 load: env argument, reader functions, modes, chunk names, syntax errors with many kinds of mistakes
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
print(load('return 1 + 1')(), load('')(), load('-- just a comment')(), load('return ...', '=n')(1, 2, 3))
print(load('x = 1; return x', '=n', 't', {})(), x)
local env = {}
load('function f() return g end g = 5', '=n', 't', env)()
print(env.f(), env.g, f, g)
print(load('return _ENV', '=n', 't', env)() == env, load('return _ENV', '=n')() == _G, load('return _ENV', '=n', 't', nil)())
-- readers
local function ld(...) local f, m = load(...); if f then return f end return f, type(m) == 'string' and m:gsub('^[^\n]-:%d+: reader', 'reader') or m end
local function reader(parts) local i = 0; return function() i = i + 1; return parts[i] end end
print(load(reader {'return ', '1', ' + ', '41'})(), load(reader {})(), load(reader {'', 'return 5'}) == nil, load(reader {'ret', 'urn "sp', 'lit', '"'})())
print(load(reader {'return 7', '', 'garbage ((('})())
print(load(function() return nil end)())
print(load(reader {'return ', 4, 2})())
print(ld(function() return {} end)) print(load(function() error('reader failed', 0) end)) print(load(function() error({}) end) == nil) print(ld(reader {'return 1', true}))
local bytes = 'local t = {} for i = 1, 10 do t[i] = i * i end return table.concat(t, ",")'
local i = 0
print(load(function() i = i + 1; return i <= #bytes and bytes:sub(i, i) or nil end, '=bytes')())
-- modes and binary chunks
print(load('\27Lua', 'x', 't')) print(load('\27', '=x', 't')) print(load('return 1', '=x', 't')()) print(load('return 1', '=x', 'b')) print(load(reader {'\27', 'Lua'}, '=x', 't'))
-- argument errors
e(load) e(function() load(nil) end) e(function() load({}) end) e(function() load(true) end) e(function() load('return 1', {}) end)
print(load(5)) -- numbers are strings for load
-- chunk names in messages
print(load('x', '=name')) print(load('x', '@file.lua')) print(load('x', 'x = y')) print(load('x', 'first line\nsecond')) print(load('x =\n\n')) print(load('x', '=' .. ('n'):rep(100))) print(load('x', '@' .. ('f'):rep(100))) print(load('x', ('s'):rep(100))) print(load('x', '')) print(load('x', '\n')) print(load('x', '=')) print(load('x', '@')) print(load(reader {'x'})) print(load('a b c d'))
print(pcall(load('error("in chunk")', '=chunk'))) print(pcall(load('error("in chunk")', '@chunk.lua'))) print(pcall(load('error("in chunk")', 'error code'))) print(pcall(load('\n\nlocal x = nil + 1', '=ln'))) print(pcall(load('error("lvl2", 2)', '=c')))
-- syntax errors
for _, src in ipairs {
  'x', 'x +', 'x = = 1', 'x = 1 1', 'local', 'local x =', 'local function', 'local function 1', 'function', 'function f', 'function f(', 'function f()', 'function f( a, ) end', 'function 1() end', 'function a.b:c.d() end', 'function a:b:c() end', 'function a[1]() end',
  'if', 'if x', 'if x then', 'if x then else', 'if x then elseif', 'if x then else elseif y then end', 'if then end', 'if x than end', 'else', 'elseif', 'then', 'end', 'until x', 'do', 'in', 'while', 'while x', 'while x do', 'while x then end', 'repeat', 'repeat until', 'repeat x() until',
  'for', 'for i', 'for i =', 'for i = 1', 'for i = 1,', 'for i = 1, 2', 'for i = 1, 2 do', 'for i = 1, 2, 3, 4 do end', 'for 1 = 1, 2 do end', 'for i, j = 1, 2 do end', 'for i in', 'for i in x', 'for a.b in x do end', 'for i, in x do end', 'for i of x do end', 'for i = 1 do end',
  'return return', 'return 1,', 'return 1 2', 'return; return', 'return end', 'break', 'f(', 'f(1', 'f(1,', 'f(1,)', 'f(,1)', 'f{', 'f{1', 'f{1,,}', 'f{,}', 'f{[1] 2}', 'f{[1]=}', 'f{x=}', 'f{a b}', 'f"x', 'a.', 'a.1', 'a:', 'a:b', 'a[', 'a[1', 'a[]', 'a.b.', 'a..b', '(a', '(a)', '()', '(1)()x',
  'x = )', 'x = (1', 'x = 1)', 'x = ]', 'x = }', 'x = {', 'x = {1', 'x = {1;;2}', 'x = {[1}', 'x = {1 2}', 'x = function', 'x = function(', 'x = function() return', 'x = function() return end end', 'x = function f() end', 'x = a.', 'x = not', 'x = -', 'x = #', 'x = ~', 'x = 1 +', 'x = 1 + + 2', 'x = * 2', 'x = and', 'x = 1 and', 'x = or 1', 'x = 1 or or', 'x = a b', 'x = "a" .. ', 'x = ..', 'x = ...', 'x = 1 .. .. 2', 'x = a ? b : c', 'x = a != b', 'x = a || b', 'x = a && b', 'x++', 'x--', 'x += 1', 'x = y = z', 'x, = 1', ', x = 1', 'x, y', 'x; y', ';', 'x = nil()', 'nil = x', 'true = 1', '"s" = 1', '"s":len()', '1()', 'local x <', 'local x <const', 'local x <nope> = 1', 'local x.y', 'local (x)', 'local x, = 1', 'goto', 'goto x', '::', '::x', '::x:: ::x::', 'x = 08', 'x = 0x', 'x = 1e', 'x = 3..2', "x = 'abc", 'x = "abc\ny"', 'x = [[abc', 'x = [=[ ]]', '--[[', 'x = \\', '@', '$', 'a = #', '!', 'and', 'not x', 'x = "\\400"', 'x = "\\xZZ"', 'x = "\\u{FFFFFFFFF}"', 'x = "\\c"', 'f()()()(', 'f() = 1', '(f()) = 1', 'local function f() end end', 'do end end', 'while true do if x then end', 'if x then\n\n\nwhile y do\n\nend', 'for i = 1, 2 do\n\n\nprint(i)\n', 'function f()\n\nif x then\n\nend', 'x = {\n1,\n2\n', 'f(\n1,\n2\n', 'repeat\n\nx()\n', '\n\n\n)', 'x = 1\ny = 2\nz = = 3', 'a\n(b)', 'a = b\n(c).d = 1', 'x = [[\n\n\n]] ]', '#!shebang\nreturn 1', '# not first', 'return "\200\201" "x" 1', '\200 = 1', 'x = \0', 'x\0y = 1',
} do
  local f, m = load(src, '=s')
  print((src:gsub('[^\32-\126]', function(ch) return ('\\%d'):format(ch:byte()) end)), f and 'ok' or (m:gsub('[^\32-\126]', '?')))
end
-- generated programs
local acc = {}
for n = 1, 60 do
  local src = ('local a, b = ...; local t = {%s}; local s = 0; for i, v in ipairs(t) do s = s + v * (a or 1) end; if s > %d then return s, "big" else return s end'):format(('%d,'):rep(n % 17 + 1):format(table.unpack((function() local r = {} for k = 1, n % 17 + 1 do r[k] = k * n end return r end)())), n * 20)
  local s, tag = assert(load(src, '=gen' .. n))(n % 5)
  acc[#acc + 1] = s .. (tag and '!' or '')
end
print(table.concat(acc, ' '))
