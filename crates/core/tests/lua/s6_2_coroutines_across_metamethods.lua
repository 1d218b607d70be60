-- §6.2 yields inside every kind of metamethod, and metamethods called from pcall inside coroutines inside iterators
local yield, wrap, create, resume = coroutine.yield, coroutine.wrap, coroutine.create, coroutine.resume
local function drive(name, f, ...)
  local co, args, out = create(f), table.pack(...), {}
  for step = 1, 60 do
    local r = table.pack(resume(co, table.unpack(args, 1, args.n)))
    for i = 1, r.n do r[i] = type(r[i]) == 'table' and 'T' or type(r[i]) == 'string' and r[i]:gsub('^[^\n]-:%d+: ', '') or tostring(r[i]) end
    out[#out + 1] = table.concat(r, ',')
    if coroutine.status(co) == 'dead' then break end
    args = table.pack(step)
  end
  print(name, table.concat(out, ' | '))
end
local mt = {}
for _, ev in ipairs {'add', 'sub', 'mul', 'div', 'mod', 'pow', 'idiv', 'band', 'bor', 'bxor', 'shl', 'shr', 'concat', 'eq', 'lt', 'le', 'index'} do mt['__' .. ev] = function(a, b) return yield(ev, type(a) == 'table' and 'obj' or a, type(b) == 'table' and 'obj' or b) end end
for _, ev in ipairs {'unm', 'bnot', 'len'} do mt['__' .. ev] = function(a) return yield(ev) end end
mt.__newindex = function(t, k, v) rawset(t, k, yield('newindex', k, v)) end
mt.__call = function(self, ...) return yield('call', ...) end
local function O() return setmetatable({}, mt) end
drive('+', function() local o = O(); return o + 1, 2 + o, o + o, 'x' + o end)
drive('-', function() local o = O(); return o - 1, 2 - o, 1.5 - o end)
drive('*/', function() local o = O(); return o * 3, 3 * o, o / 2, 2 / o, o // 2, 2 // o end)
drive('%^', function() local o = O(); return o % 5, 5 % o, o ^ 2, 2 ^ o end)
drive('&|~', function() local o = O(); return o & 1, 1 & o, o | 2, 2 | o, o ~ 3, 3 ~ o, o << 1, 1 << o, o >> 1, 1 >> o end)
drive('unary', function() local o = O(); return -o, ~o, #o end)
drive('concat', function() local o = O(); return o .. 'a', 'a' .. o, 'a' .. 'b' .. o, o .. 'a' .. 'b', 'a' .. o .. 'b' .. 'c' end)
drive('concat n', function() local o = O(); return 1 .. 2 .. o .. 3 .. 4 end)
drive('eq', function() local o, p = O(), O(); return o == p, o ~= p, o == o, o == 1 end)
drive('lt le', function() local o, p = O(), O(); return o < p, o <= p, o > p, o >= p, o < 1, 1 < o, o <= 1.5, 'x' <= o, not (o < p) end)
drive('cond', function() local o, p = O(), O(); local r = {}; if o < p then r[#r + 1] = 'lt' end; if o == p then r[#r + 1] = 'eq' else r[#r + 1] = 'ne' end; while o <= p do r[#r + 1] = 'loop' break end; if not (o > 5) then r[#r + 1] = 'ngt' end; return table.concat(r, '+'), o < p and 'and' or 'or' end)
drive('index', function() local o = O(); return o.a, o[1], o[1.5], o[true], o.x end)
drive('index expr', function() local o = O(); local t = {o.a, o.b, k = o.c}; return t[1] + t[2], t.k, (o.d) end)
drive('newindex', function() local o = O(); o.a = 10; o[1] = 20; o[2.5] = 30; local k = 'dyn'; o[k] = 40; return rawget(o, 'a'), rawget(o, 1), rawget(o, 2.5), rawget(o, 'dyn') end)
drive('call', function() local o = O(); return o(), (o(1)), select('#', o(1, 2, 3)), o('tail') end)
drive('tail call', function() local o = O(); return o('t', nil, 3) end)
drive('method', function() local o = setmetatable({}, {__index = function(_, k) return function(self, ...) return yield(k, ...) end end}); return o:foo(1), o:bar(2, 3) end)
drive('iterator', function() local o = setmetatable({}, {__call = function(self, s, c) c = c + 1; return yield('it', c) and c <= 3 and c or nil end}); local s = 0; for i in o, nil, 0 do s = s + i end return s end)
drive('close', function() local r = {}; do local x <close> = setmetatable({}, {__close = function(o, e) r[#r + 1] = yield('close', e) end}) end return r[1] end)
drive('pairs', function() local n = 0; for k, v in pairs(setmetatable({}, {__pairs = function(t) local a = yield 'pairs'; return function(_, i) i = (i or 0) + 1; if i <= 2 then return i, yield('next', i) end end, t, nil end})) do n = n + k * v end return n end)
drive('chain', function() local o = setmetatable({}, {__index = setmetatable({}, {__index = function(_, k) return yield('deep', k) end})}); return o.p, o.q end)
drive('nested mm', function() local a = setmetatable({}, {__add = function(x, y) return (-x) + yield('add') end, __unm = function(x) return #x + yield('unm') end, __len = function() return yield('len') end}); return a + 1 end)
drive('pcall mm', function() local a = setmetatable({}, {__add = function(x, y) yield 'before'; error('in add', 0) end}); local ok, m = pcall(function() return a + 1 end); yield(m); return pcall(function() return 1 + a end) end)
drive('mm error to coroutine', function() local a = setmetatable({}, {__lt = function() yield 'lt'; error 'lt failed' end}); return a < a end)
drive('xpcall mm', function() local a = setmetatable({}, {__index = function(_, k) yield(k); error('no field ' .. k, 0) end}); return xpcall(function() return a.missing end, function(m) return 'H:' .. m end) end)
drive('pcall object', function() local o = O(); return pcall(o, 'through pcall') end)
drive('wrap in mm', function() local a = setmetatable({}, {__concat = function(x, y) local g = wrap(function() for i = 1, 2 do yield('inner' .. i) end end); return yield(g()) .. yield(g()) end}); return a .. 'x' end)
drive('sort cannot', function() local m = {__lt = function(a, b) yield(1) return a.v < b.v end}; return pcall(table.sort, {setmetatable({v = 2}, m), setmetatable({v = 1}, m)}) end)
drive('rawequal etc', function() local o = O(); return rawequal(o, O()), rawlen(o), rawget(o, 'x'), next(o) end)
drive('upvalue ops', function() local o, n = O(), 0; local function f() n = n + o.v; return n end; return f() + f() end)
drive('constants', function() local o = O(); return o.field + 1, o['str key'], o[255], o[256], o[-1], o + 1000000, o * 2.5, o == nil, o < 100, o > 100, 100 <= o end)
drive('env', function() local _ENV = setmetatable({}, {__index = function(_, k) return yield('global', k) end, __newindex = function(t, k, v) yield('setglobal', k, v); rawset(t, k, v) end}); x = y + z; return x, w end)
drive('string mm arith', function() local o = O(); return '10' + o, o .. 10, 10 .. o end)
-- metamethods in the middle of many live temporaries
drive('temporaries', function() local o = O(); local a, b, c = 1, 2, 3; return (a + b * (c + (o + 1)) - (o * 2 + a)) .. ('[' .. (o .. '!') .. ']') end)
-- CPU: metamethod -> pcall -> coroutine -> iterator -> metamethod, no driver interaction
local Num = {}
Num.__index = function(t, k) local ok, v = pcall(function() if k % 11 == 0 then error(k, 0) end return k * 2 end); return ok and v or -v end
Num.__add = function(a, b) local s = 0; for v in wrap(function() for i = 1, 4 do yield(a.n + i * b.n) end end) do s = s + v end return setmetatable({n = s % 1009}, Num) end
Num.__lt = function(a, b) return wrap(function() return select(2, pcall(function() return a.n < b.n end)) end)() end
Num.__eq = function(a, b) local r; for v in wrap(function() yield(a.n == b.n and 1 or 0) end) do r = v end return r == 1 end
Num.__concat = function(a, b) return tostring(a.n or a) .. '.' .. tostring(b.n or b) end
Num.__call = function(self, f, ...) return select(2, pcall(f, self, ...)) end
local acc, lts, eqs, sum = setmetatable({n = 1}, Num), 0, 0, 0
for i = 1, 900 do
  local x = setmetatable({n = i}, Num)
  acc = acc + x
  if acc < x then lts = lts + 1 end
  if acc == x then eqs = eqs + 1 end
  sum = sum + acc[i] + #(acc .. x)
  sum = sum + x(function(self, k) if k % 3 == 0 then error(k, 0) end return self.n end, i)
end
print(acc.n, lts, eqs, sum)
-- the same inside a coroutine that yields from all of them
local total = 0
for v in wrap(function()
  local o = setmetatable({}, {__index = function(_, k) yield(k) return k end, __add = function(a, b) yield(b) return b end, __lt = function() yield(1) return true end, __concat = function(a, b) yield(2) return 'c' end, __call = function(_, n) yield(n) return n end, __eq = function() yield(3) return false end, __len = function() yield(4) return 5 end, __unm = function() yield(6) return 7 end})
  local p = setmetatable({}, getmetatable(o))
  for i = 1, 400 do
    local ok, m = pcall(function()
      local s = o[i] + (o + i) + o(i) + #o + -o
      if o < p then s = s + #(o .. 'x') end
      if o == p then s = s * 2 end
      if i % 10 == 0 then error(s, 0) end
      yield(s)
    end)
    if not ok then yield(m) end
  end
end) do total = (total * 7 + v) % 1000000007 end
print(total)
