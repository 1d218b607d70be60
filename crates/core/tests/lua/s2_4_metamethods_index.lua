-- §2.4 __index/__newindex chains, raw access, proxies, __pairs, inheritance, weak tables
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
local base = {x = 'bx', y = 'by'}
local mid = setmetatable({y = 'my'}, {__index = base})
local top = setmetatable({z = 'tz'}, {__index = mid})
print(top.x, top.y, top.z, top.w, rawget(top, 'x'))
base.w = 'late'; print(top.w); mid.w = false; print(top.w); mid.w = nil
-- function in the middle of a chain
local calls = 0
local f1 = setmetatable({}, {__index = function(t, k) calls = calls + 1; if k == 'stop' then return end return k .. '!' end})
local f2 = setmetatable({}, {__index = f1})
print(f2.a, f2.stop, f2[1], f2[1.5], calls, rawlen(f2))
-- long chain
local chain = {deep = 'found'}
for i = 1, 90 do chain = setmetatable({}, {__index = chain}) end
print(chain.deep, chain.nothing)
-- loops are detected
local loop = {}; setmetatable(loop, {__index = loop})
e(function() return loop.x end)
local loopn = {}; setmetatable(loopn, {__newindex = loopn})
e(function() loopn.x = 1 end)
-- __index on non tables
e(function() return setmetatable({}, {__index = 5}).x end)
print(setmetatable({}, {__index = 'str'}).upper == string.upper, ('x').len == string.len, ('x').nothing == nil)
e(function() return ('x').y.z end)
-- __newindex
local store = {}
local ni = setmetatable({present = 1}, {__newindex = store})
ni.present = 2; ni.absent = 3
print(ni.present, ni.absent, store.present, store.absent, rawget(ni, 'absent'))
local logged = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v and v * 2) end})
logged.a = 5; logged.a = 7; logged[1] = 10; logged[2.0] = 4
print(logged.a, logged[1], logged[2])
local chainset = setmetatable({}, {__newindex = setmetatable({}, {__newindex = setmetatable({}, {__newindex = function(_, k, v) print('end of chain', k, v) end})})})
chainset.key = 'val'; chainset[nil == nil] = 1
e(function() setmetatable({}, {__newindex = 5}).x = 1 end) e(function() setmetatable({}, {__newindex = function() error('ro', 0) end}).x = 1 end)
e(function() local t = setmetatable({}, {__newindex = function(_, k) print('nil key reaches __newindex', k) end}); t[nil] = 1 end)
-- read only, default values, tracking
local function readonly(t) return setmetatable({}, {__index = t, __newindex = function(_, k) error('read-only: ' .. tostring(k), 2) end, __len = function() return #t end, __pairs = function() return next, t, nil end, __metatable = false}) end
local ro = readonly {1, 2, 3}
print(ro[1], #ro, select(2, pcall(function() ro[1] = 2 end)):gsub('^.-:%d+: ', '')) for k, v in pairs(ro) do io.write(k, '=', v, ' ') end for i, v in ipairs(ro) do io.write(i, ':', v, ' ') end print()
local ops = {}
local function track(t) return setmetatable({}, {__index = function(_, k) ops[#ops + 1] = 'r' .. tostring(k); return t[k] end, __newindex = function(_, k, v) ops[#ops + 1] = 'w' .. tostring(k) .. '=' .. tostring(v); t[k] = v end, __len = function() ops[#ops + 1] = '#'; return #t end}) end
local tr = track {10, 20, 30}
tr[1] = tr[2] + tr[3]; tr.n = #tr; tr[#tr + 1] = tr.n; local _ = tr[1] > tr[2] and tr.none
print(table.concat(ops, ' '))
for _, case in ipairs {
  {'insert end', function(t) table.insert(t, 'i') end}, {'insert mid', function(t) table.insert(t, 2, 'i') end}, {'remove', function(t) return table.remove(t) end}, {'remove 1', function(t) return table.remove(t, 1) end},
  {'unpack', function(t) return table.unpack(t) end}, {'concat', function(t) return table.concat(t, '-') end}, {'move', function(t) table.move(t, 1, 3, 2) end}, {'sort', function(t) table.sort(t, function(a, b) return a > b end) end},
  {'ipairs', function(t) local s = 0; for _, v in ipairs(t) do s = s + v end return s end}, {'next', function(t) return next(t) end}, {'rawlen', function(t) return rawlen(t), rawget(t, 1) end},
} do
  ops = {}
  local res = table.pack(case[2](track {10, 20, 30}))
  print(case[1], table.concat(ops, ' '), table.unpack(res, 1, res.n))
end
-- __pairs
local pr = setmetatable({}, {__pairs = function(t) return function(s, k) k = (k or 0) + 1; if k <= 3 then return k, k * k end end, t, nil, 'ignored 4th' end})
for k, v in pairs(pr) do io.write(k, '^', v, ' ') end print(select('#', pairs(pr)))
e(function() for k in pairs(setmetatable({}, {__pairs = function() return 5 end})) do end end) e(pairs, setmetatable({}, {__pairs = 7})) e(function() for _ in pairs(nil) do end end) e(pairs) print(select('#', pairs {}))
-- ipairs respects __index and stops at nil
for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i <= 4 then return i * 11 end end})) do io.write(i, '=', v, ' ') end print()
-- single inheritance with super calls
local Animal = {}; Animal.__index = Animal
function Animal.new(cls, name) local o = setmetatable({name = name}, cls); cls.count = (rawget(cls, 'count') or 0) + 1; return o end
function Animal:speak() return self.name .. ' makes ' .. self:sound() end
function Animal:sound() return 'nothing' end
local Dog = setmetatable({}, {__index = Animal}); Dog.__index = Dog
function Dog:sound() return 'woof (' .. Animal.sound(self) .. ')' end
local Puppy = setmetatable({}, {__index = Dog}); Puppy.__index = Puppy
function Puppy:speak() return Dog.speak(self):upper() end
print(Animal:new('it'):speak(), Dog:new('rex'):speak(), Puppy:new('bit'):speak(), Puppy:new('bob').count, Dog.count)
-- multiple inheritance with cached lookup
local function class(...) local parents = {...}; local c = {}; setmetatable(c, {__index = function(t, k) for _, p in ipairs(parents) do local v = p[k]; if v ~= nil then t[k] = v; return v end end end}); c.__index = c; return c end
local Named, Aged = {getname = function(s) return s.name end}, {getage = function(s) return s.age end}
local Person = class(Named, Aged)
local p = setmetatable({name = 'Ann', age = 30}, Person)
print(p:getname(), p:getage(), rawget(Person, 'getname') == Named.getname, p.nothing)
-- metamethods are looked up raw in the metatable
local mt = setmetatable({}, {__index = {__add = function() return 'inherited' end}})
e(function() return setmetatable({}, mt) + 1 end)
-- changing metatables on the fly; metamethod caching of absent fields
local m = {}; local o = setmetatable({}, m)
print(o.foo); m.__index = function(_, k) return 'dyn ' .. k end; print(o.foo); m.__index = nil; print(o.foo); m.__index = {foo = 'tbl'}; print(o.foo); setmetatable(o, nil); print(o.foo)
print(#o); setmetatable(o, m); m.__len = function() return 99 end; print(#o); m.__len = nil; print(#o); m.__eq = function() return true end; print(o == {}); m.__eq = nil; print(o == {})
-- weak tables just function
local wk, wv, wkv = setmetatable({}, {__mode = 'k'}), setmetatable({}, {__mode = 'v'}), setmetatable({}, {__mode = 'kv'})
local keep = {}
for i = 1, 50 do local k = {i}; keep[i] = k; wk[k] = i; wv[i] = k; wkv[k] = k; wk[{}] = i; wv[1000 + i] = {} end
local s1, s2, s3 = 0, 0, 0
for i = 1, 50 do s1 = s1 + wk[keep[i]]; s2 = s2 + wv[i][1]; s3 = s3 + wkv[keep[i]][1] end
wk.str, wv.str, wv[1] = 'kept', 'kept', keep[1]
print(s1, s2, s3, wk.str, wv.str, getmetatable(wk).__mode)
-- heavy: memoising proxy
local memo = setmetatable({}, {__index = function(t, n) local v = n < 2 and n or t[n - 1] + t[n - 2]; rawset(t, n, v); return v end})
local h = 0
for i = 0, 90 do h = h ~ memo[i] end
print(memo[90], h)
local cnt = 0
local fwd = setmetatable({}, {__index = function(_, k) cnt = cnt + 1; return k end, __newindex = function(_, k, v) cnt = cnt + v end})
for i = 1, 20000 do fwd[i] = fwd[i] % 3 end
print(cnt)
