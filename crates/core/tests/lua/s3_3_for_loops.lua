-- §3.3.5 numeric and generic for: overflow, float steps, errors, 4-value generic for with closing value
local function e(f, ...) local ok, m = pcall(f, ...); print(ok, (tostring(m):gsub('^.-:%d+: ', ''))) end
local function run(a, b, c, max)
  local out, n = {}, 0
  for i = a, b, c do n = n + 1; if n > (max or 12) then out[#out + 1] = '...'; break end; out[#out + 1] = tostring(i) end
  print(n, table.concat(out, ' '))
end
local MAX, MIN = math.maxinteger, math.mininteger
run(1, 5, 1) run(5, 1, -1) run(1, 0, 1) run(0, 1, -1) run(1, 1, 1) run(1, 10, 3) run(10, 1, -3) run(-3, 3, 2)
run(MAX - 2, MAX, 1) run(MAX - 3, MAX, 2) run(MIN + 2, MIN, -1) run(MIN, MIN + 1, 1) run(MIN, MAX, MAX) run(MAX, MIN, MIN)
run(MIN, MAX, 1 << 62) run(1, MAX, MAX) run(1, MAX, MAX - 1) run(-1, MIN, MIN) run(0, MIN, MIN) run(MAX, MAX, 1) run(MIN, MIN, -1)
run(1, 3.9, 1) run(1, -0.5, -1) run(1, math.huge, 1 << 61) run(1, -math.huge, 1) run(-1, -math.huge, -(1 << 61)) run(1, 0/0, 1) run(1, 2^70, 1 << 60)
run(3, 1.1, -1) run(3, 2.5, -1) run(MAX, 2^63, 1) run(MIN, -2^63, -1) run(1, 3.0, 1)
run(1.0, 3, 1) run(1, 3, 1.0) run(1, 2, 0.25) run(1, 0, -0.25) run(0.1, 1, 0.1) run(1.0, 1, 1) run(2.0, 1, 1) run(1.0, math.huge, 1e300, 5)
run(2^53, 2^53 + 4, 1, 6) run(0.0, -0.0, 1) run(1e308, math.huge, 1e308, 5) run(1, 1.0, 0.5)
e(run, 1, 10, 0) e(run, 1.0, 10, 0.0) e(run, 1, 10, 0.0) e(run, 1, 10, -0.0)
e(run, '1', 10, 1) e(run, 1, '10', 1) e(run, 1, 10, '1') e(run, nil, 1, 1) e(run, 1, nil, 1) e(run, 1, {}, 1) e(run, 1, 1, true) e(run, 1.5, 'x', 1) e(run, 1.5, 2, 'x')
e(function() for i = 1, 10, nil do end end)
e(function() for i = print, 10 do end end)

-- bounds are evaluated once; the loop variable is a copy
do
  local calls, limit = 0, 3
  local function lim() calls = calls + 1; return limit end
  for i = 1, lim() do limit = 100; local i = i * 2; io.write(i, ' ') end
  print(calls)
  for i = 1, 3 do io.write(i, ' '); i = 10; io.write(i, ' ') end
  print()
end

-- generic for
local function range(n) return function(s, c) if c < s then return c + 1, (c + 1) ^ 2 end end, n, 0 end
for i, sq in range(4) do io.write(i, '=', tostring(sq), ' ') end print()
for i, x, y, z in range(2) do io.write(tostring(i), ' ', tostring(x), ' ', tostring(y), ' ', tostring(z), ' | ') end print()
local function closer(tag) return setmetatable({}, {__close = function(_, err) print('closed', tag, err) end}) end
local function it(tag, n) return function(s, c) c = c + 1; if c <= n then return c end end, nil, 0, closer(tag) end
for i in it('normal', 3) do io.write(i, ' ') end
for i in it('break', 3) do io.write(i, ' '); if i == 2 then break end end
local function ret() for i in it('return', 3) do if i == 2 then return 'returned', i end end end
print(ret())
print(pcall(function() for i in it('error', 3) do if i == 2 then error('boom', 0) end end end))
for i in it('outer', 2) do for j in it('inner' .. i, 2) do if j == 2 then goto next end io.write(i, ':', j, ' ') end ::next:: end
for i in it('zero', 0) do print('never') end
e(function() for i in function() end, nil, nil, 42 do end end)
e(function() for i in function() end, nil, nil, {} do end end)
for i in function() end, nil, nil, nil do end
for i in function() end, nil, nil, false do end
print(pcall(function()
  for i in it('e1', 2) do
    local c <close> = setmetatable({}, {__close = function(_, m) print('in', m); error('second', 0) end})
    error('first', 0)
  end
end))
-- callable objects as iterators, closures, coroutines
local callable = setmetatable({n = 0}, {__call = function(self, s, c) self.n = self.n + 1; if self.n <= 3 then return self.n * 10 end end})
for v in callable do io.write(v, ' ') end print()
for w in coroutine.wrap(function() for _, w in ipairs {'x', 'y', 'z'} do coroutine.yield(w) end end) do io.write(w, ' ') end print()
for k, v in next, {10, 20, 30} do io.write(k, '=', v, ' ') end print()
for a, b in string.gmatch('k1=v1;k2=v2', '(%w+)=(%w+)') do io.write(a, '->', b, ' ') end print()
e(function() for i in nil do end end)
e(function() for i in 5 do end end)
e(function() for i in {} do end end)
e(function() local t = {}; for i in t.x do end end)
e(function() for i in ipairs() do end end)
e(function() for k in pairs(nil) do end end)
-- false stops? only nil stops
do
  local n = 0
  for v in function() n = n + 1; if n < 4 then return false end end do io.write(tostring(v), ' ') end
  print(n)
end
-- modification during traversal: assign nil to existing fields
local t = {}
for i = 1, 100 do t['k' .. i] = i end
local cnt, sum = 0, 0
for k, v in pairs(t) do cnt = cnt + 1; sum = sum + v; t[k] = nil end
print(cnt, sum, next(t))
-- nested loops work
local acc = 0
for i = 1, 120 do for j = i, 120, i do for k = 1.0, 2.0, 0.5 do acc = acc + j * k end end end
print(acc)
