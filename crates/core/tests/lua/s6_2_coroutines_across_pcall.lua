-- §6.2 yields across pcall, xpcall, error handling, iterators, to-be-closed variables, tail calls and nested combinations
local yield, wrap, create, resume = coroutine.yield, coroutine.wrap, coroutine.create, coroutine.resume
local function strip(...) local r = table.pack(...); for i = 1, r.n do if type(r[i]) == 'string' then r[i] = r[i]:gsub('^[^\n]-:%d+: ', '') end end return table.unpack(r, 1, r.n) end
local function drive(name, f, ...)
  local co, args, out = create(f), table.pack(...), {}
  for step = 1, 40 do
    local r = table.pack(strip(resume(co, table.unpack(args, 1, args.n))))
    for i = 1, r.n do r[i] = type(r[i]) == 'table' and 'T' or tostring(r[i]) end
    out[#out + 1] = table.concat(r, ',')
    if coroutine.status(co) == 'dead' then break end
    args = table.pack('r' .. step)
  end
  print(name, table.concat(out, ' | '))
end
drive('pcall ok', function(a) return pcall(function(b) local c = yield('y', b); return 'ret', c end, a) end, 'A')
drive('pcall err', function() return pcall(function() local c = yield 'y'; error('err ' .. c, 0) end) end)
drive('pcall err pos', function() return pcall(function() yield 'y'; error 'pos' end) end)
drive('pcall yield direct', function() return pcall(yield, 1, 2) end)
drive('pcall pcall yield', function() return pcall(pcall, pcall, yield, 'deep') end)
drive('pcall twice', function() local a = {pcall(yield, 1)}; local b = {pcall(yield, 2)}; return a[1], a[2], b[1], b[2] end)
drive('xpcall', function() return xpcall(function(a) local b = yield(a); error('E' .. b, 0) end, function(m) return 'H' .. m end, 'arg') end)
drive('xpcall ok', function() return xpcall(yield, print, 'through') end)
drive('error after pcall', function() pcall(yield, 'in'); error('after', 0) end)
drive('nested', function() return pcall(function() local ok, m = pcall(function() yield(1); error('inner', 0) end); yield(m); local ok2, m2 = pcall(function() yield(2); error({}) end); yield(type(m2)); error('outer', 0) end) end)
drive('loop', function() local s = 0; for i = 1, 5 do local ok, v = pcall(function() local r = yield(i); if i % 2 == 0 then error(i, 0) end; return r end); s = s .. (ok and 'ok' or 'er') .. tostring(v) .. ';' end return s end)
drive('tail', function() local function f(n) if n == 0 then return yield 'end' end return f(n - 1) end; return pcall(f, 1000) end)
drive('varargs', function(...) return select('#', ...), pcall(function(...) return ..., yield(...) end, ...) end, 1, nil, 3)
drive('close in pcall', function() return pcall(function() local x <close> = setmetatable({}, {__close = function(_, e) yield('closing', e) end}); yield 'body'; error('bang', 0) end) end)
drive('close order', function() local a <close> = setmetatable({}, {__close = function() yield 'ca' end}); local b <close> = setmetatable({}, {__close = function() yield 'cb' end}); return pcall(function() local c <close> = setmetatable({}, {__close = function() yield 'cc' error('from cc', 0) end}); return 'val' end) end)
drive('close for', function() for i in function(_, c) c = (c or 0) + 1; yield('it' .. c); if c < 3 then return c end end, nil, nil, setmetatable({}, {__close = function() yield 'forclose' end}) do yield('body' .. i) end return 'done' end)
drive('close err chain', function() return pcall(function() local a <close> = setmetatable({}, {__close = function(_, e) yield('a', e); error('ea', 0) end}); local b <close> = setmetatable({}, {__close = function(_, e) yield('b', e); error('eb', 0) end}); yield 'body'; error('e0', 0) end) end)
drive('close break goto', function() while true do local x <close> = setmetatable({}, {__close = function() yield 'x' end}); do local y <close> = setmetatable({}, {__close = function() yield 'y' end}); goto out end end ::out:: return 'after' end)
drive('generic for', function() for k, v in function(s, c) c = c + 1; local r = yield('iter' .. c); if c <= s then return c, r end end, 2, 0 do yield(k, v) end return 'end' end)
drive('pairs', function() for k, v in pairs(setmetatable({}, {__pairs = function(t) yield 'in __pairs'; return next, {5}, nil end})) do yield(k, v) end return 'end' end)
drive('wrap inside', function() local g = wrap(function() for i = 1, 2 do yield('g' .. i) end end); yield(g()); yield(pcall(g)); yield(pcall(g)); yield(pcall(g)); return 'end' end)
drive('inner error', function() local c = create(function() yield(1); error('inner dead', 0) end); yield(resume(c)); yield(resume(c)); return resume(c) end)
drive('error in wrap propagates', function() local ok, m = pcall(wrap(function() error 'inside wrap' end)); yield(m); local w = wrap(function() local x <close> = setmetatable({}, {__close = function() print 'closed by wrap error' end}); error({}) end); return pcall(w) end)
drive('select', function() return select(2, yield 'a', yield 'b', yield 'c') end)
drive('table ctor', function() local t = {yield(1), yield(2), x = yield(3), yield(4)}; return t[1], t[2], t[3], t.x end)
drive('args', function() return ('%s-%s-%s'):format(yield(1), (yield(2)), yield(3)) end)
drive('cond', function() if yield(1) == 'r1' and yield(2) then return yield(3) or 'none' end end)
drive('concat', function() return yield(1) .. yield(2) .. yield(3) end)
drive('upvalues', function() local n = 0; local function inc() n = n + 1; yield(n); return n end; return inc() + inc() * 10 + inc() * 100 end)
drive('load', function() return load('local y = ...; local a = y("in chunk"); return a, y("second")', '=c')(yield) end)
drive('pcall load', function() return pcall(load('local y = ...; y("in chunk"); error("chunk error")', '=c'), yield) end)
drive('assert', function() return pcall(function() assert(yield(1) == 'nope', 'assertion ' .. yield(2)) end) end)
drive('error obj', function() local ok, m = pcall(function() error(setmetatable({v = yield 'making'}, {__tostring = function(s) return s.v end})) end); return tostring(m) end)
drive('handler depth', function() return xpcall(function() return xpcall(function() yield 'deep'; error('x', 0) end, function(m) error('handler fails', 0) end) end, function(m) return 'outer ' .. tostring(m) end) end)
drive('recursive', function() local function r(n) if n == 0 then yield 'bottom'; error('up', 0) end local ok, m = pcall(r, n - 1); yield(n); error(m .. n, 0) end; return pcall(r, 6) end)
-- a scheduler with errors, sleeping and messages between tasks
do
  local log, queue, mail = {}, {}, {}
  local function spawn(name, f) queue[#queue + 1] = {name = name, co = create(f)} end
  local function send(to, m) mail[to] = mail[to] or {}; table.insert(mail[to], m) end
  local function recv(me) while not mail[me] or #mail[me] == 0 do yield 'wait' end return table.remove(mail[me], 1) end
  spawn('ping', function() for i = 1, 3 do send('pong', i); local r = recv 'ping'; log[#log + 1] = 'ping got ' .. r end send('pong', 'stop') end)
  spawn('pong', function() while true do local ok, v = pcall(recv, 'pong'); if v == 'stop' then break end send('ping', v * v); log[#log + 1] = 'pong got ' .. v end end)
  spawn('crash', function() yield(); local ok, m = pcall(function() yield(); error('soft', 0) end); log[#log + 1] = m; yield(); error('hard', 0) end)
  spawn('sum', function() local s = 0; for i = 1, 100 do s = s + i; if i % 20 == 0 then yield() end end log[#log + 1] = 'sum ' .. s end)
  local rounds = 0
  while #queue > 0 and rounds < 1000 do
    rounds = rounds + 1
    local t = table.remove(queue, 1)
    local ok, m = resume(t.co)
    if not ok then log[#log + 1] = t.name .. ' died: ' .. m end
    if coroutine.status(t.co) ~= 'dead' then queue[#queue + 1] = t end
  end
  print(rounds, table.concat(log, '; '))
end
-- CPU: pcall inside a coroutine inside an iterator inside pcall
local function work(n)
  local acc = 0
  for i, v in wrap(function()
    for i = 1, n do
      local ok, v = pcall(function()
        if i % 7 == 0 then error(i, 0) end
        local s = 0
        for k = 1, 20 do s = s + k * i end
        yield(i, s)
        if i % 5 == 0 then error({i}) end
        return s
      end)
      if not ok then yield(i, type(v) == 'table' and -v[1] or v) end
    end
  end) do acc = (acc * 31 + i + v) % 1000000007 end
  return acc
end
print(pcall(work, 3000))
print(wrap(function() return select(2, pcall(work, 1500)) end)())
