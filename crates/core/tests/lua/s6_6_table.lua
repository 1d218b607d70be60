-- §6.6 table.concat insert move pack remove sort unpack, on plain tables, edge positions and metamethod-aware proxies
local function e(f, ...) local r = table.pack(pcall(f, ...)); for i = 1, r.n do r[i] = type(r[i]) == 'string' and r[i]:gsub('^.-:%d+: ', '') or tostring(r[i]) end print(table.concat(r, ' ')) end
local function s(t, a, b) local o = {}; for i = a or 1, b or #t do o[#o + 1] = tostring(t[i]) end return '{' .. table.concat(o, ',') .. '}' end
local MAX, MIN = math.maxinteger, math.mininteger
print(table.concat {}, table.concat({1, 2, 3}), table.concat({1, 2.5, 'x'}, ', '), table.concat({1, 2, 3}, '-', 2), table.concat({1, 2, 3}, '-', 2, 2), table.concat({1, 2, 3}, '-', 3, 2), table.concat({}, 'x', 1, 0), table.concat({'a'}, 'x'), table.concat({[5] = 'e', [6] = 'f'}, '+', 5, 6), table.concat({[MAX] = 'm'}, '', MAX, MAX), table.concat({[MIN] = 'n', [MIN + 1] = 'o'}, '', MIN, MIN + 1), table.concat({1, 2}, 0), table.concat({[-1] = 'a', [0] = 'b', 'c'}, ' ', -1, 1))
do local t = {}; table.insert(t, 'a'); table.insert(t, 'c'); table.insert(t, 2, 'b'); table.insert(t, 1, 'z'); table.insert(t, #t + 1, 'end'); print(s(t)); print(table.remove(t), table.remove(t, 1), table.remove(t, 2), s(t)); print(table.remove(t, #t + 1), table.remove(t), table.remove(t), table.remove(t), #t, table.remove(t, 0), table.remove(t, #t)) end
do local t = {[0] = 'zero'}; print(table.remove(t, 0), t[0], table.remove {}, table.remove({}, 0), select('#', table.remove {})) t = {n = 1}; table.insert(t, 'x'); print(t[1], select('#', table.insert(t, 'y'))) end
e(table.insert, {1, 2, 3}, 5, 'x') e(table.insert, {1, 2, 3}, 0, 'x') e(table.insert, {}, 2, 'x') e(table.remove, {1, 2, 3}, 5) e(table.remove, {1, 2, 3}, 0) e(table.remove, {1, 2, 3}, 4) e(table.remove, {}, 1) e(table.remove, {}, 2) e(table.insert, {}, 1, nil) e(table.insert, {}, nil)
print(s(table.move({1, 2, 3}, 1, 3, 2)), s(table.move({1, 2, 3}, 2, 3, 1)), s(table.move({1, 2, 3}, 1, 3, 1, {})), s(table.move({1, 2, 3}, 1, 0, 5)), s(table.move({1, 2, 3}, 1, 3, 5), 1, 7), s(table.move({1, 2, 3, 4, 5}, 2, 5, 1)), s(table.move({}, 1, 3, 1, {9, 9, 9, 9}), 1, 4), s(table.move({[MAX] = 'm'}, MAX, MAX, 1)), s(table.move({1}, 1, 1, MAX), MAX, MAX), s(table.move({[MIN] = 'n'}, MIN, MIN, 1, {})), s(table.move({1, 2, 3}, -1, 1, 1), 1, 3))
print(s(table.pack()), table.pack().n, s(table.pack(1, nil, 3), 1, 3), table.pack(nil, nil).n, table.unpack({1, 2, 3}, -1, 2))
-- sort
local function sorted(t, cmp) table.sort(t, cmp); return s(t) end
print(sorted {}, sorted {1}, sorted {2, 1}, sorted {3, 1, 2}, sorted {5, 3, 8, 1, 9, 2, 7}, sorted {'b', 'a', 'C', '10', '9'}, sorted {1, 1.5, -2, 2^53, -0.5}, sorted({1, 2, 3}, function(a, b) return a > b end), sorted {1, 1, 1, 1}, sorted({3, 1, 2}, nil))
math.randomseed(42, 7)
for _, n in ipairs {2, 3, 4, 5, 10, 50, 99, 100, 101, 128, 500, 1000} do
  local t, u, h = {}, {}, 0
  for i = 1, n do t[i] = math.random(1, n); u[i] = {k = t[i], i = i} end
  local calls = 0
  table.sort(t); table.sort(u, function(a, b) calls = calls + 1; if a.k ~= b.k then return a.k < b.k end return a.i < b.i end)
  for i = 1, n do assert(t[i] == u[i].k and (i == 1 or t[i - 1] <= t[i])); h = (h * 31 + u[i].i) % 1000007 end
  print(n, h, calls, t[1], t[n])
end
for _, shape in ipairs {'asc', 'desc', 'same', 'saw', 'organ'} do
  local t, calls = {}, 0
  for i = 1, 150 do t[i] = shape == 'asc' and i or shape == 'desc' and -i or shape == 'same' and 7 or shape == 'saw' and i % 10 or math.min(i, 150 - i) end
  table.sort(t, function(a, b) calls = calls + 1; return a < b end)
  for i = 2, 150 do assert(t[i - 1] <= t[i]) end
  print(shape, calls, t[1], t[75], t[150])
end
-- the order of comparisons is part of the implementation: fix it down with small logs
do local log = {}; table.sort({5, 2, 4, 1, 3}, function(a, b) log[#log + 1] = a .. '<' .. b; return a < b end); print(table.concat(log, ' ')) end
e(table.sort, {3, 2, 1, 4}, function() error('cmp fails', 0) end) e(table.sort, {1, 'a', 2}) e(table.sort, {1, 2, {}}) e(table.sort, {1, 2, 3}, 'notfn') e(function() table.sort({1, 2, 3, 4, 5}, function() return true end) end) e(function() local t = {}; for i = 1, 20 do t[i] = i end table.sort(t, function() return true end) end)
print(sorted({'bb', 'a', 'ccc'}, function(a, b) return #a < #b end), sorted({true, false, true}, function(a, b) return a and not b end), sorted({{2}, {1}}, function(a, b) return a[1] < b[1] end):gsub('table: %w+', 'T'))
-- proxies
local function proxy(t, log) return setmetatable({}, {__len = function() log[#log + 1] = '#'; return #t end, __index = function(_, k) log[#log + 1] = 'g' .. k; return t[k] end, __newindex = function(_, k, v) log[#log + 1] = 's' .. k; t[k] = v end}) end
for name, fn in pairs {} do end
for _, c in ipairs {{'insert', 'x'}, {'insert', 1, 'x'}, {'remove'}, {'remove', 1}, {'remove', 4}, {'concat', ','}, {'concat', ',', 2}, {'unpack'}, {'unpack', 2}, {'move', 1, 3, 3}, {'move', 2, 3, 1}, {'sort'}} do
  local log, t = {}, {30, 10, 20}
  local r = table.pack(pcall(table[c[1]], proxy(t, log), table.unpack(c, 2)))
  print(c[1], s(t), table.concat(log, ' '), r[1], type(r[2]) == 'table' and 'proxy' or r[2])
end
do local log = {}; local dst = {}; print(table.move(proxy({1, 2}, log), 1, 2, 1, dst) == dst, s(dst), table.concat(log, ' ')) end
e(table.insert, setmetatable({}, {__len = function() return 'x' end}), 1) e(table.concat, setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return i * 10 end}), ';') e(table.unpack, setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return i * 10 end})) e(table.remove, setmetatable({1, 2, 3}, {__len = function() return 1 end})) e(table.concat, setmetatable({}, {__index = function() error('idx', 0) end, __len = function() return 1 end}))
-- objects that are not tables but have the needed metamethods are only strings here
e(table.concat, 'abc') e(table.unpack, 'abc')
-- next/pairs/ipairs/rawX
do
  local t = {10, 20, 30, nil, 50, a = 1, b = 2, [2.5] = 'f', [true] = 'b'}
  local keys = {}
  for k, v in pairs(t) do keys[#keys + 1] = tostring(k) .. '=' .. tostring(v) end
  table.sort(keys); print(table.concat(keys, ' '))
  local n = 0; for i, v in ipairs(t) do n = n + v end print(n)
  print(next {}, next({}, nil), type(next), rawequal(t, t), rawequal('a', 'a'), rawequal(1, 1.0), rawequal({}, {}), rawlen {1, 2}, rawlen 'abc', rawget(t, 'a'), rawset(t, 'c', 3) == t, t.c)
  local k, c = nil, 0; repeat k = next(t, k); c = c + 1 until k == nil; print(c)
  local f, st, init = ipairs(t); print(st == t, init, f(t, 0)) print(f(t, 2)) print(f(t, 3)) print(select('#', f(t, 3)))
  t = {1, 2, 3, 4, 5}; for i, v in ipairs(t) do if i == 2 then t[4] = nil end io.write(v, ' ') end print()
  for i, v in ipairs {1, 2, nil, 4} do io.write(i, ' ') end print()
  local q = {}; for i = 1, 5 do q[i] = i end for k2 in pairs(q) do q[k2] = q[k2] * 2 end print(s(q))
end
-- queue, stack, deque, matrix, 5000 inserts at the front
do
  local d = {}
  for i = 1, 300 do table.insert(d, 1, i) end
  local sum = 0
  while #d > 0 do sum = sum * 3 % 1000003 + table.remove(d, #d // 2 + 1) end
  print(sum)
  local big = {}; for i = 1, 5000 do big[i] = (i * 7919) % 5003 end
  table.sort(big); local h = 0; for i, v in ipairs(big) do h = (h + i * v) % 1000000007 end print(h, big[1], big[2500], big[5000])
  print(#table.concat(big, ','), select('#', table.unpack(big, 1, 4000)), #table.move(big, 1, 5000, 2501))
end
