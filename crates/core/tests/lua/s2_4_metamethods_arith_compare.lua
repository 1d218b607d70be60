-- §2.4 metamethods: arithmetic, comparison, __eq/__lt/__le, __concat, __len, __unm, __call, __tostring, __name, __metatable
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
local mt = {}
local function show(v) return type(v) == 'table' and rawget(v, 'n') or tostring(v) end
for _, op in ipairs {'add', 'sub', 'mul', 'div', 'mod', 'pow', 'unm', 'idiv', 'concat'} do
  mt['__' .. op] = function(a, b) return op .. '(' .. show(a) .. ',' .. show(b) .. ')' end
end
local function new(n) return setmetatable({n = n}, mt) end
local a, b = new 'a', new 'b'
print(a + b, a + 1, 1 + a, a + 1.5, 'x' + a, a + 'x', a + nil, false + a)
print(a - b, a - 1, 1 - a, a * b, a * 2, 2 * a, a / b, a / 2, 2 / a)
print(a % b, a % 3, 3 % a, a ^ b, a ^ 2, 2 ^ a, a // b, a // 2, 2 // a, -a)
print(a .. b, a .. 1, 1 .. a, a .. 'x', 'x' .. a, a .. nil, {} and a .. 'z')
-- the left operand's metamethod has priority
local l = setmetatable({}, {__add = function() return 'left' end})
local r = setmetatable({}, {__add = function() return 'right' end, __sub = function() return 'right-' end})
print(l + r, r + l, l - r, r - l, 1 + r, r + 1)
-- result is adjusted to one value
print(select('#', setmetatable({}, {__add = function() return 1, 2, 3 end}) + 1), setmetatable({}, {__add = function() end}) + 1)
-- metamethods that are not functions
local callable = setmetatable({}, {__call = function(self, x, y) return 'called', show(x), show(y) end})
local c = setmetatable({n = 'c'}, {__add = callable, __index = callable, __sub = 5, __concat = 'no'})
print(c + 1, c + a)
e(function() return c - 1 end) e(function() return c .. 'x' end)
-- missing
e(function() return l * 2 end) e(function() return -l end) e(function() return l .. l end) e(function() return {} + 1 end) e(function() local x = {}; return 2 ^ x end) e(function() return #5 end)
-- comparisons
local log = {}
local cm = {
  __eq = function(x, y) log[#log + 1] = 'eq'; return x.v == y.v end,
  __lt = function(x, y) log[#log + 1] = 'lt'; return (type(x) == 'table' and x.v or x) < (type(y) == 'table' and y.v or y) end,
  __le = function(x, y) log[#log + 1] = 'le'; return (type(x) == 'table' and x.v or x) <= (type(y) == 'table' and y.v or y) end,
}
local function V(v) return setmetatable({v = v}, cm) end
local x, y, z = V(1), V(2), V(1)
print(x == y, x == z, x ~= z, x == x, x < y, x <= y, x > y, x >= y, x < 5, 5 < x, x <= 1, 1 >= x, x > 0.5, table.concat(log, ' '))
log = {}
print(x == 1, x == nil, x == 'x', rawequal(x, z), x == setmetatable({v = 1}, {}), setmetatable({v = 1}, {}) == x, #log)
e(function() return x < {} end) e(function() return x < 'a' end) e(function() return setmetatable({}, {}) < setmetatable({}, {}) end)
print(setmetatable({}, {__lt = function() return nil end}) < 1, setmetatable({}, {__lt = function() return 0 end}) < 1, setmetatable({}, {__eq = function() return 'yes' end}) == {}, setmetatable({}, {__le = function() return 1, 2 end}) <= 1)
e(function() return setmetatable({}, {__le = function() error('in le', 0) end}) <= 1 end)
-- sorting with __lt
local items = {}
for i, v in ipairs {5, 3, 9, 1, 7, 3, 8} do items[i] = V(v) end
table.sort(items)
for i = 1, #items do io.write(items[i].v, ' ') end print()
table.sort(items, function(p, q) return p > q end)
for i = 1, #items do io.write(items[i].v, ' ') end print()
-- __call
local C = setmetatable({}, {__call = function(self, ...) return select('#', ...), ... end})
print(C()) print(C(1, nil, 3)) print(pcall(C, 'p')) print((C(9)))
local CC = setmetatable({}, {__call = C})
print((CC(1))) print(select('#', CC(1, 2)))
local deep = function(...) return select('#', ...) end
for i = 1, 10 do deep = setmetatable({}, {__call = deep}) end
print(deep('x'))
e(function() setmetatable({}, {__call = 42})() end) e(function() local o = setmetatable({}, {__call = {}}); o() end) e(function() return setmetatable({}, {__call = function() error 'inside' end})() end)
print(table.concat({string.gsub('abc', '%w', setmetatable({}, {__index = function(_, k) return k .. k end}))}, ' '))
-- __tostring, __name, __metatable
print(tostring(setmetatable({}, {__tostring = function(t) return 'I am ' .. type(t) end})), setmetatable({}, {__tostring = function() return 'printed' end}))
e(tostring, setmetatable({}, {__tostring = function() return 5 end})) e(tostring, setmetatable({}, {__tostring = function() return {} end})) e(tostring, setmetatable({}, {__tostring = function() error('ts', 0) end})) e(function() print(setmetatable({}, {__tostring = true})) end)
print((tostring(setmetatable({}, {__name = 'My.Type'})):gsub(': .*', '')), (tostring(setmetatable({}, {__name = 42})):gsub(': .*', '')))
local T = setmetatable({}, {__name = 'My.Type'})
e(function() return T + 1 end) e(function() return T < T end) e(function() return T < 1 end) e(function() return T .. '' end) e(function() return T() end) e(function() string.rep(T) end) e(function() math.floor(T) end) e(function() ipairs() end) e(function() return ('x'):rep(T) end) e(function() return -T end) e(function() return T & 1 end) e(function() for i = T, 1 do end end)
local P = setmetatable({}, {__metatable = 'locked'})
print(getmetatable(P)) e(setmetatable, P, {}) e(setmetatable, P, nil) print(getmetatable(setmetatable({}, {__metatable = false})))
e(setmetatable, {}) e(setmetatable, {}, 5) e(function() setmetatable(5, {}) end) e(function() setmetatable({}, 'x') end) e(function() getmetatable() end)
print(getmetatable({}), getmetatable(5), getmetatable(print), getmetatable(nil), setmetatable(T, nil) == T, getmetatable(T))
-- complex numbers and vectors
local Cx = {}; Cx.__index = Cx
local function cx(re, im) return setmetatable({re = re, im = im or 0}, Cx) end
local function lift(v) return type(v) == 'number' and cx(v) or v end
Cx.__add = function(p, q) p, q = lift(p), lift(q); return cx(p.re + q.re, p.im + q.im) end
Cx.__mul = function(p, q) p, q = lift(p), lift(q); return cx(p.re * q.re - p.im * q.im, p.re * q.im + p.im * q.re) end
Cx.__unm = function(p) return cx(-p.re, -p.im) end
Cx.__eq = function(p, q) return p.re == q.re and p.im == q.im end
Cx.__tostring = function(p) return ('%g%+gi'):format(p.re, p.im) end
Cx.__pow = function(p, n) local res = cx(1); for _ = 1, n do res = res * p end return res end
Cx.__len = function(p) return math.sqrt(p.re ^ 2 + p.im ^ 2) end
print(tostring(cx(1, 2) + 3), tostring(2 * cx(1, 2)), tostring(-cx(0, 1)), tostring(cx(0, 1) ^ 2), cx(0, 1) ^ 2 == cx(-1), #cx(3, 4))
local zz = cx(0.1, 0.2)
for i = 1, 300 do zz = zz * zz + cx(-0.4, 0.3) end
print(('%.10f %.10f'):format(zz.re, zz.im))
