-- §6.2 coroutine create/resume/yield/status/wrap/close/isyieldable/running: values, states, errors, nesting
local function e(f, ...) local r = table.pack(pcall(f, ...)); for i = 1, r.n do r[i] = type(r[i]) == 'string' and r[i]:gsub('^.*:%d+: ', '') or tostring(r[i]) end print(table.concat(r, ' ')) end
local function strip(...) local r = table.pack(...); for i = 1, r.n do if type(r[i]) == 'string' then r[i] = r[i]:gsub('^[^\n]-:%d+: ', '') end end return table.unpack(r, 1, r.n) end
local yield, resume, status, wrap = coroutine.yield, coroutine.resume, coroutine.status, coroutine.wrap
local co = coroutine.create(function(a, b)
  print('start', a, b)
  local c = yield(a + b)
  print('got', c)
  local d, f = yield()
  print('got', d, f)
  print('in', yield(1, nil, 3, nil))
  return 'ret', nil, 'vals', nil
end)
print(type(co), status(co)) print(resume(co, 1, 2)) print(status(co)) print(resume(co, 'C')) print(resume(co, 'D', 'F')) print(resume(co)) print(status(co)) print(resume(co)) print(resume(co, 'again'), status(co))
-- many values
co = wrap(function(...) local n = select('#', ...); while n < 1e6 do n = select('#', yield(table.unpack({}, 1, n))) end end)
print(select('#', co(table.unpack({}, 1, 10))), select('#', co(table.unpack({}, 1, 200))), select('#', co()), select('#', co(nil)))
-- errors
co = coroutine.create(function() error 'with pos' end) print(strip(resume(co))) print(status(co)) print(resume(co))
co = coroutine.create(function() error({code = 5}) end) print(select(2, resume(co)).code) print(status(co))
co = coroutine.create(function() error() end) print(resume(co))
co = coroutine.create(function() local x = nil; x.y = 1 end) print(strip(resume(co)))
co = coroutine.create(function() yield(1); error('second', 0) end) print(resume(co)) print(resume(co)) print(resume(co))
e(wrap(function() error 'wrapped' end)) e(wrap(function() error({}, 0) end) ~= nil) e(wrap(function() error('nopos', 0) end)) local dead = wrap(function() return 1 end) print(dead()) e(dead) e(dead)
local w = wrap(function() yield(1) error({msg = 'tbl'}) end) print(w()) print(select(2, pcall(w)).msg) e(w)
e(coroutine.create) e(coroutine.create, 5) e(coroutine.create, {}) e(resume, 5) e(status, nil) e(wrap, 'x') e(wrap, setmetatable({}, {__call = print}))
-- states
local outer
outer = coroutine.create(function()
  print('self running', status(outer))
  local inner = coroutine.create(function() print('outer from inner', status(outer)); print(resume(outer)); print(pcall(coroutine.close, outer)); yield('from inner') end)
  print(resume(inner)) print(status(inner))
  print(strip(resume(outer)))
  print(strip(pcall(coroutine.close, outer)))
  print(pcall(wrap(function() return status(outer) end)))
  yield 'suspended'
end)
print(resume(outer)) print(status(outer)) print(resume(outer)) print(status(outer))
local selfw; selfw = wrap(function() return selfw() end) e(selfw)
-- running / isyieldable inside coroutines
co = coroutine.create(function() local r, main = coroutine.running(); return r == co, main, coroutine.isyieldable(), coroutine.isyieldable(co) end)
print(coroutine.isyieldable(co)) print(resume(co)) print(coroutine.isyieldable(co))
print(wrap(function() return pcall(function() return coroutine.isyieldable(), select(2, coroutine.running()) end) end)())
wrap(function() local me = coroutine.running(); local function again() return (coroutine.running()) end print(me == again(), wrap(again)() ~= me) table.sort({2, 1}, function(a, b) print('in sort', coroutine.isyieldable()) return a < b end) string.gsub('x', 'x', function() print('in gsub', coroutine.isyieldable()) end) end)()
-- yield where it cannot happen
local function inco(f) local r = table.pack(strip(resume(coroutine.create(f)))) for i = 1, r.n do r[i] = tostring(r[i]) end print(table.concat(r, ' ')) end
inco(function() table.sort({3, 2, 1}, function(a, b) yield(1) return a < b end) end) inco(function() return (string.gsub('abc', '.', function(c) yield(c) end)) end) inco(function() return tostring(setmetatable({}, {__tostring = function() yield(1) return 'x' end})) end) inco(function() return load(function() yield(1) end) end) inco(function() table.concat(setmetatable({}, {__len = function() return 1 end, __index = function() yield(1) return 'x' end})) end) inco(function() return table.unpack(setmetatable({}, {__index = function() yield(1) end}), 1, 2) end) inco(function() for i in ipairs(setmetatable({}, {__index = function() yield(1) end})) do end return 'ipairs done' end) inco(function() print(setmetatable({}, {__tostring = function() yield() return 'z' end})) end) inco(function() return pcall(table.sort, {3, 2, 1}, function(a, b) yield(1) end) end) inco(function() table.insert(setmetatable({}, {__newindex = function() yield() end}), 1) end) inco(function() return select('#', string.format('%s', setmetatable({}, {__tostring = yield}))) end) inco(function() return xpcall(error, function() yield(1) end, 'm') end)
-- coroutine functions called directly as the body
print(resume(coroutine.create(yield), 1, 2)) co = coroutine.create(yield) print(resume(co, 'a')) print(resume(co, 'b', 'c')) print(status(co)) print(resume(coroutine.create(print), 'printed')) print(resume(coroutine.create(pcall), yield, 5)) print(resume(coroutine.create(resume), co)) print(resume(coroutine.create(string.upper), 'abc')) print(resume(coroutine.create(error), 'e', 0)) print(wrap(wrap)(function() end) ~= nil)
-- close
co = coroutine.create(function() yield() end) print(coroutine.close(co), status(co)) print(resume(co)) print(coroutine.close(co))
co = coroutine.create(function() yield() end) resume(co) print(coroutine.close(co), status(co)) print(coroutine.close(co))
co = coroutine.create(function() error('E', 0) end) print(resume(co)) print(coroutine.close(co)) print(coroutine.close(co))
co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function(_, err) print('closing', err, status(co)) yield 'no' end}) yield 'up' end) print(resume(co)) print(strip(coroutine.close(co))) print(status(co))
co = coroutine.create(function() local ok, m = pcall(function() local x <close> = setmetatable({}, {__close = function(_, err) print('x', err) error('from close', 0) end}) yield 'mid' end) print('never', ok, m) end) print(resume(co)) print(coroutine.close(co)) print(status(co))
e(function() wrap(function() coroutine.close(coroutine.running()) end)() end)
-- generators
local function gen(n) return wrap(function() for i = 1, n do yield(i, i * i) end end) end
for a, b in gen(5) do io.write(a, '^2=', b, ' ') end print()
local function filter(p, g) return wrap(function() for x in g do if p(x) then yield(x) end end end) end
local function map(f, g) return wrap(function() for x in g do yield(f(x)) end end) end
local function take(n, g) return wrap(function() for i = 1, n do local v = g() if v == nil then return end yield(v) end end) end
local function nat() return wrap(function() local n = 0 while true do n = n + 1 yield(n) end end) end
for x in take(8, map(function(v) return v * v end, filter(function(v) return v % 3 == 1 end, nat()))) do io.write(x, ' ') end print()
local function sieve() local function f(p, g) return filter(function(v) return v % p ~= 0 end, g) end return wrap(function() local g = wrap(function() local i = 1 while true do i = i + 1 yield(i) end end) for _ = 1, 40 do local p = g() yield(p) g = f(p, g) end end) end
for p in sieve() do io.write(p, ' ') end print()
local function permgen(a, n) n = n or #a if n <= 1 then yield(table.concat(a)) else for i = 1, n do a[n], a[i] = a[i], a[n] permgen(a, n - 1) a[n], a[i] = a[i], a[n] end end end
local cnt = 0 for p in wrap(function() permgen {'a', 'b', 'c', 'd'} end) do cnt = cnt + 1 io.write(p, cnt % 12 == 0 and '\n' or ' ') end
local function tree(t) if t then tree(t[1]) yield(t.v) tree(t[2]) end end
local function insert(t, v) if not t then return {v = v} end if v < t.v then t[1] = insert(t[1], v) else t[2] = insert(t[2], v) end return t end
local root for _, v in ipairs {50, 20, 70, 10, 30, 60, 80, 25, 35} do root = insert(root, v) end
for v in wrap(function() tree(root) end) do io.write(v, ' ') end print()
-- deep chain of resumes and of yields through levels
local function level(n) if n == 0 then return yield 'bottom' end return wrap(level)(n - 1) end
print(wrap(level)(20))
local function nested(n) local c = wrap(function(v) if n > 0 then v = nested(n - 1)(v) end while true do v = yield(v + n) end end) return c end
local nst = nested(30) print(nst(0), nst(1), nst(2))
