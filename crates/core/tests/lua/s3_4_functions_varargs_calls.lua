-- §3.4.10-3.4.12 calls, varargs, adjustment, method calls, tail calls, select, table.pack/unpack
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
local function va(...) return ... end
local function cnt(...) return select('#', ...) end
print(cnt(), cnt(nil), cnt(nil, nil), cnt(va()), cnt(va(nil)), cnt(va(1, nil, nil)), cnt((va(1, 2))), cnt(va(1, 2), va(1, 2)))
local function f(a, b, ...) local c, d = ...; return a, b, c, d, select('#', ...) end
print(f()) print(f(1)) print(f(1, 2)) print(f(1, 2, 3)) print(f(1, 2, 3, 4, 5, 6))
local function g(...) local a <const> = ...; local t = {..., 'end'}; local u = {'start', ...}; local w = {(...)}; return a, #t, t[1], t[2], #u, #w end
print(g()) print(g('x')) print(g('x', 'y', 'z'))
print((function(...) local x, y = ..., 'y'; return x, y end)(1, 2, 3))
print((function(...) return ..., 'last' end)(1, 2, 3))
print((function(...) return (...) end)(1, 2, 3))
print((function(...) return {...}, {n = select('#', ...), ...} end)(1, 2) ~= nil)
print((function(...) local s = 0; for _, v in ipairs {...} do s = s + v end; for i = 1, select('#', ...) do s = s + (select(i, ...)) * 100 end return s end)(1, 2, 3))
print(pcall(load, 'function f() return ... end', '=va')) print(load('function f() return ... end', '=va')) print(load('return ...', '=va')(7, 8, 9))
print(load('local function f(a, ..., b) end', '=va')) print(load('local function f(a, a) return a end return f(1, 2)', '=va')()) print(load('local function f(...', '=va')) print(load('local function f(a b)', '=va')) print(load('local function f(a,)', '=va')) print(load('local function f(1)', '=va'))
-- select
print(select(1, 'a', 'b', 'c')) print(select(2, 'a', 'b', 'c')) print(select(3, 'a', 'b', 'c')) print(select(4, 'a', 'b', 'c')) print(select(-1, 'a', 'b', 'c')) print(select(-3, 'a', 'b', 'c')) print(select(100, 1))
print(select('2', 'a', 'b'), select(2.0, 'a', 'b'))
e(function() select(0, 1) end) e(function() select(-4, 'a', 'b', 'c') end) e(function() select(1.5) end) e(function() select('x') end) e(function() select() end) e(function() select({}) end) e(function() select(nil) end) e(function() select(math.mininteger, 1) end)
-- pack / unpack
local p = table.pack(nil, 2, nil)
print(p.n, p[1], p[2], p[3], table.pack().n)
print(table.unpack({1, 2, 3})) print(table.unpack({1, 2, 3}, 2)) print(table.unpack({1, 2, 3}, 2, 3)) print(table.unpack({1, 2}, 1, 4)) print(table.unpack({}, 1, 0)) print(table.unpack({1, 2, 3}, 3, 1)) print(table.unpack({1, 2, 3}, -1, 1)) print(table.unpack(p, 1, p.n))
print(table.unpack({1, 2}, math.maxinteger, math.maxinteger)) print(table.unpack({[math.mininteger] = 'min'}, math.mininteger, math.mininteger)) print(select('#', table.unpack({}, 1, 200)))
e(function() table.unpack({}, 1, 1e7) end) e(function() table.unpack({}, math.mininteger, math.maxinteger) end) e(function() table.unpack() end) e(function() table.unpack({}, 'a') end) e(function() table.unpack({}, 1.5) end) e(function() return table.unpack(5) end)
print(table.unpack(setmetatable({}, {__index = function(_, i) return i * i end}), 1, 5)) print(table.unpack(setmetatable({}, {__len = function() return 3 end, __index = function(_, i) return 'v' .. i end})))
print(math.max(table.unpack({5, 9, 2})), ('x'):rep(3), #string.format('%s%s', va('ab', 'cd', 'extra')))
-- a lot of arguments and results
local big = {}
for i = 1, 5000 do big[i] = i end
print(cnt(table.unpack(big)), (select(5000, table.unpack(big))), select('#', va(va(table.unpack(big)))), #{table.unpack(big)}, #{0, table.unpack(big)}, string.char(table.unpack(big, 65, 90)))
local function sumrec(n, ...) if n == 0 then return select('#', ...) end return sumrec(n - 1, n, ...) end
print(sumrec(150))
-- call forms
local function id(x) return x end
print(id 'str', id "dq", id [[long]], id {1}[1], #id {1, 2}, id 'a' .. id 'b', (id) 'p', id(id)(id) 'chain')
local obj = {v = 1, child = {v = 2}}
function obj:get(k) return self[k or 'v'] end
function obj.child:add(n) self.v = self.v + n; return self end
print(obj:get(), obj:get 'v', obj:get('none'), obj.get {v = 9}, obj.child:add(5):add(6).v, obj['get'](obj))
print(('%d-%s'):format(5, 'x'), ('abc'):upper():lower():len(), #('x'):rep(4), ('a'):byte())
local evals = {}
local function ev(x) evals[#evals + 1] = x; return x end
local _ = (ev(function(...) return ... end))(ev(1), ev(2), ev(3)); evals[1] = 'f' print(table.concat(evals, ' '))
e(function() local x = 5; x() end) e(function() local t = {}; t.foo() end) e(function() local t = {}; t:bar() end) e(function() undef() end) e(function() local t = {a = {}}; t.a.b.c() end) e(function() ('x'):nomethod() end) e(function() (1)() end) e(function() ('x')() end) e(function() return (nil)() end) e(function() local t = {} t[1]() end) e(function() local up; (function() up() end)() end)
-- tail calls
local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + 1) end
print(loop(100000, 0))
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(100001), odd(100001))
local function tv(n, ...) if n == 0 then return select('#', ...), ... end return tv(n - 1, n, (...)) end
print(tv(20000, 'a'))
local o = {}; function o:m(n) if n == 0 then return 'method done' end return self:m(n - 1) end
print(o:m(30000))
local callable = setmetatable({}, {__call = function(self, n) if n == 0 then return 'call done' end return self(n - 1) end})
print(callable(20000))
local function viapcall(n) if n == 0 then return 'bottom' end return select(2, pcall(viapcall, n - 1)) end
print(viapcall(100))
-- non-tail recursion to a moderate depth
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print(depth(15000))
print(select('#', (function() return va(table.unpack(big, 1, 250)) end)()))
