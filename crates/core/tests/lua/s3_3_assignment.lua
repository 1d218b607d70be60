-- §3.3.3 multiple assignment: evaluation, adjustment, swaps, indices, nested tables
local a, b, c = 1
print(a, b, c)
a, b, c = 1, 2, 3, 4
print(a, b, c)
a, b = b, a
print(a, b)
local function mr(n) if n == 0 then return end if n == 1 then return 'r1' end if n == 2 then return 'r1', 'r2' end return 'r1', 'r2', 'r3' end
for n = 0, 3 do
  local x, y, z = mr(n)
  print(n, x, y, z)
  x, y, z = mr(n), 'last'
  print(n, x, y, z)
  x, y, z = 'first', mr(n)
  print(n, x, y, z)
  x, y, z = (mr(n))
  print(n, x, y, z)
  local t = {mr(n), mr(n)}
  print(n, #t, t[1], t[2], t[3], t[4])
  local u = {mr(n), (mr(n))}
  print(n, u[1], u[2], u[3])
  print(n, mr(n), mr(n))
  print(n, (mr(n)))
  print(select('#', mr(n)), select('#', mr(n), mr(n)), select('#', (mr(n))))
end

-- i and a[i]: expressions are evaluated before assignment
local i, t = 3, {}
i, t[i] = i + 1, 20
print(i, t[3], t[4])
t = {1, 2, 3}
i = 1
i, t[i], t[i + 1] = 2, 'x', 'y'
print(i, t[1], t[2], t[3])
local p = {}
p.self, p.v = p, 5
print(p.self == p, p.self.self.v)
do
  local t1, t2 = {name = 't1'}, {name = 't2'}
  local t = t1
  t, t.x = t2, 'assigned'
  print(t1.x, t2.x, t.name)
end
do
  local a = {1, {2, {3}}}
  a[1], a[2][1], a[2][2][1] = a[2][2][1], a[1], a[2][1]
  print(a[1], a[2][1], a[2][2][1])
end

-- the same local on both sides, parallel assignment to upvalues
do
  local x, y = 1, 2
  local function rot() x, y = y, x + y; return x, y end
  for _ = 1, 5 do io.write(table.concat({rot()}, ','), ' ') end
  print()
end

-- table with metamethods logs the assignments (targets all distinct: order of stores is unspecified, results are not)
do
  local store = {}
  local proxy = setmetatable({}, {__newindex = function(_, k, v) store[k] = v end, __index = store})
  proxy.a, proxy.b, proxy.c = 1, 2
  print(store.a, store.b, store.c, proxy.a, rawget(proxy, 'a'))
  proxy.a, proxy.b = proxy.b, proxy.a
  print(store.a, store.b)
end

-- constructors
local k = 'key'
local ct = {10, 20; 30, [k] = 'v', key2 = 'w', [100] = 'h', [1.0] = 'lost', 40,}
print(ct[1], ct[2], ct[3], ct[4], ct.key, ct.key2, ct[100], #ct)
print(#{}, #{nil}, #{n = 1}, #{1, 2, 3}, #{[1] = 1, [2] = 2})
local big = {}
for j = 1, 60 do big[j] = tostring(j) end
local many = load('return {' .. table.concat(big, ',') .. ',}')()
print(#many, many[1], many[50], many[51], many[60])
local nest = {{1, {2}}, {a = {b = {c = 'deep'}}}}
print(nest[1][2][1], nest[2].a.b.c)
print(({1, 2, 3})[2], ({x = 'y'}).x, ('str'):len(), #{...} == select('#', ...))

-- nil and nan as index
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
e(function() local t = {}; t[nil] = 1 end)
e(function() local t = {}; t[0/0] = 1 end)
e(function() return {[nil] = 1} end)
e(function() rawset({}, nil, 1) end)
e(function() rawset({}, 0/0, 1) end)
print(({})[nil], ({})[0/0], rawget({}, nil))
-- float keys are normalised
local fk = {}
fk[1.0], fk[2^53], fk[1.5], fk['1'] = 'a', 'b', 'c', 'd'
print(fk[1], fk[2^53 | 0], fk[1.5], fk['1'], #fk, next({[3.0] = 1}))
print(math.type((next({[3.0] = 1}))), math.type((next({[-0.0] = 1}))), math.type((next({[2^63] = 1}))))

-- attributes
local c1 <const>, c2 <const> = 5, 'str'
local c3 <const> = nil
print(c1 * 2, c2 .. '!', c3)
for _, src in ipairs {
  'local x <const> = 1; x = 2', 'local x <const> = 1; local y; y, x = 1, 2', 'local x <close> = nil; x = 1',
  'local x <const> = 1; function f() x = 2 end', 'local x <const> = 1; function x() end', 'local x <foo> = 1',
  'local x <close>, y <close> = nil, nil', 'local x <const> = {}; x.y = 1; return x.y', 'local x <const>; return x',
  'local function f() end; f = 1; return f', 'f() = 1', 'a, f() = 1, 2', '(a) = 1', '(a).b = 1', 'a.b:c = 1', '1 = a', 'nil = 1', 'a, = 1', '... = 1',
  'local a.b = 1', 'local a[1] = 1', 'local 1', 'local a <const = 1', 'local a <const> + 1', 'a b = 1', "'x' = 1", 'a = ', 'a = 1, ', 'a += 1', 'a = b = c',
} do
  local f, m = load(src, '=as', 't', {})
  print(src, f and 'ok' or m)
  if f then print('->', select('#', pcall(f))) end
end
