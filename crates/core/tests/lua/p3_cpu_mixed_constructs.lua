-- §3/§6 CPU-heavy mix so that time slices end inside pcall, coroutines, metamethods, iterators, sort and gsub callbacks, __close
local yield, wrap = coroutine.yield, coroutine.wrap
local function mix(h, v) return (h * 31 + v) % 1000000007 end
-- 1: iterator -> coroutine -> metamethod -> pcall -> error
local function stage1(n)
  local V = {}
  V.__add = function(a, b) local ok, r = pcall(function() local s = 0; for i = 1, 8 do s = s + (a.v * i) % (b.v + i) end if s % 13 == 0 then error({s}) end return s end); return setmetatable({v = ok and r or r[1] + 1}, V) end
  V.__index = function(t, k) return k == 'double' and t.v * 2 or nil end
  local h = 0
  for x in wrap(function() local acc = setmetatable({v = 1}, V); for i = 1, n do acc = acc + setmetatable({v = i}, V); yield(acc) end end) do h = mix(h, x.v + x.double) end
  return h
end
print(1, stage1(2500))
-- 2: closures and to-be-closed variables in loops with break, goto and errors
local function stage2(n)
  local h, opened, closed = 0, 0, 0
  local function res(i) opened = opened + 1; return setmetatable({i = i}, {__close = function(o, e) closed = closed + 1; h = mix(h, o.i + (e and 1 or 0)) end}) end
  for i = 1, n do
    local ok, m = pcall(function()
      for k = 1, 5 do
        local r <close> = res(k)
        if (i + k) % 7 == 0 then error('x', 0) end
        if (i * k) % 11 == 0 then break end
        if k % 2 == 0 then goto cont end
        do local q <close> = res(i % 10); h = mix(h, q.i) end
        ::cont::
      end
      return i
    end)
    h = mix(h, ok and m or 3)
  end
  return h, opened, closed
end
print(2, stage2(1200))
-- 3: sort with comparator that calls pcall and closures; gsub with function; string building
local function stage3(n)
  math.randomseed(42, 7)
  local t = {}
  for i = 1, n do t[i] = ('%05d-%s'):format(math.random(0, 99999), string.char(97 + i % 26):rep(i % 5 + 1)) end
  local cmps = 0
  table.sort(t, function(a, b) cmps = cmps + 1; local ok, r = pcall(function() return a:sub(3) < b:sub(3) end); return ok and r end)
  local h = 0
  local s = table.concat(t, ' '):gsub('(%d)(%d)', function(a, b) return wrap(function() return b .. a end)() end)
  for i = 1, #s, 3 do h = mix(h, s:byte(i)) end
  return h, #s
end
print(3, stage3(400))
-- 4: nested coroutines passing values both ways, three levels
local function stage4(n)
  local function lvl(d) return wrap(function(x) while true do if d > 0 then local c = lvl(d - 1); for i = 1, 3 do x = yield(c(x) + d) end else x = yield(x + 1) end end end) end
  local c, h, v = lvl(3), 0, 0
  for i = 1, n do v = c((v + i) % 1009); h = mix(h, v) end
  return h
end
print(4, stage4(1500))
-- 5: recursive descent over random expressions through load with custom environments
local function stage5(n)
  math.randomseed(7, 42)
  local function gen(d) if d == 0 or math.random(4) == 1 then return math.random(2) == 1 and tostring(math.random(1, 9)) or 'x' end local op = ({'+', '-', '*', '//', '%', '&', '|', '~'})[math.random(8)]; return '(' .. gen(d - 1) .. op .. gen(d - 1) .. ')' end
  local h, errs = 0, 0
  for i = 1, n do
    local f = load('return ' .. gen(4), '=e', 't', setmetatable({}, {__index = function(_, k) return i end}))
    local ok, v = pcall(f)
    if ok then h = mix(h, v % 1000003) else errs = errs + 1; h = mix(h, #v) end
  end
  return h, errs
end
print(5, stage5(400))
-- 6: xpcall handlers which run coroutines; deep recursion; tail calls; varargs
local function stage6(n)
  local function rec(d, ...) if d == 0 then return select('#', ...), ... end if d % 17 == 0 then local r = table.pack(xpcall(rec, function(m) return m end, d - 1, d, ...)); return table.unpack(r, 2, r.n) end return rec(d - 1, ...) end
  local h = 0
  for i = 1, n do
    local r = table.pack(rec(i % 100, i))
    h = mix(h, r[1])
    local ok, m = xpcall(function() local t = {}; for k = 1, 5 do t[k] = k; if k == 4 and i % 2 == 0 then error({t}) end end return t end, function(e) return wrap(function() local s = 0; for _, v in ipairs(e[1]) do s = s + v end return s end)() end)
    h = mix(h, ok and #m or m)
  end
  return h
end
print(6, stage6(500))
-- 7: proxies with __index/__newindex/__len/__call functions and __eq/__lt/__le/__concat in hot loops
local function stage7(n)
  local store, reads, writes = {}, 0, 0
  local P = setmetatable({}, {__index = function(_, k) reads = reads + 1; return store[k] end, __newindex = function(_, k, v) writes = writes + 1; store[k] = v end, __len = function() return #store end, __call = function(self, a, b) return self[a] + self[b] end})
  for i = 1, n do P[i] = i end
  local h = 0
  for i = 2, n do P[i] = P(i, i - 1) % 1009; h = mix(h, #P + P[i]) end
  local S = {__lt = function(a, b) return a.v < b.v end, __le = function(a, b) return a.v <= b.v end, __eq = function(a, b) return a.v == b.v end, __concat = function(a, b) return (a.v or a) .. '' .. (b.v or b) end}
  local objs = {}
  for i = 1, 200 do objs[i] = setmetatable({v = (i * 37) % 101}, S) end
  table.sort(objs)
  for i = 2, 200 do if objs[i - 1] == objs[i] then h = h + 1 end if objs[i - 1] <= objs[i] then h = mix(h, #(objs[i - 1] .. objs[i])) end end
  return h, reads, writes
end
print(7, stage7(2000))
-- 8: producer, filter, consumer with errors recovered at each level
local function stage8(n)
  local function producer() return wrap(function() for i = 1, n do yield(i) end end) end
  local function filter(src) return wrap(function() for v in src do local ok, r = pcall(function() if v % 5 == 0 then error(v, 0) end; yield(v * 2); return v end); if not ok then yield(-r) end end end) end
  local sum, neg = 0, 0
  for v in filter(filter(producer())) do if v < 0 then neg = neg + 1 end sum = mix(sum, v % 1000003) end
  return sum, neg
end
print(8, stage8(1500))
-- 9: generic for over every kind of iterator with string work
local function stage9(n)
  local h, text = 0, ('lorem ipsum dolor sit amet '):rep(n)
  for w in text:gmatch '%a+' do h = mix(h, #w) end
  for p, c in utf8.codes(text:sub(1, 1000)) do h = mix(h, p + c) end
  for i, v in ipairs(table.pack(text:byte(1, 200))) do h = mix(h, i * v) end
  local t = {} for i = 1, 300 do t['k' .. i] = i end
  local s = 0 for k, v in pairs(t) do s = s + #k * v end for k, v in next, t do s = s + v end
  local up = text:gsub('%f[%a]%a', string.upper):gsub('(%a+) (%a+)', '%2 %1')
  for i = 1, #up, 7 do h = mix(h, up:byte(i)) end
  return h, s, #up
end
print(9, stage9(60))
-- 10: everything from the inside of one coroutine, driven step by step
local co = wrap(function() local fs = {stage1, stage2, stage3, stage4, stage5, stage6, stage7, stage8, stage9}; local ns = {150, 80, 40, 100, 30, 60, 150, 150, 5}; for i, f in ipairs(fs) do yield(i, pcall(f, ns[i])) end return 'end' end)
while true do local r = table.pack(co()); print(table.unpack(r, 1, r.n)); if r[1] == 'end' then break end end
