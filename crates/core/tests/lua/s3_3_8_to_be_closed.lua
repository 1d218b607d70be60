-- §3.3.8 to-be-closed variables: order, errors in __close, return/break/goto, coroutines, tail position
local function c(name, err)
  return setmetatable({}, {__close = function(_, e) print('  close ' .. name, type(e) == 'string' and e:gsub('^[^\n]-:%d+: ', '') or e); if err then error(err, 0) end end, __name = name})
end
local function e(f, ...) local r = table.pack(pcall(f, ...)); for i = 1, r.n do if type(r[i]) == 'string' then r[i] = r[i]:gsub('^[^\n]-:%d+: ', '') end end print(table.unpack(r, 1, r.n)) end
print('order')
do local a <close> = c 'a'; local b <close> = c 'b'; local d <const> = 1; local x <close> = c 'x'; print('  body') end
print('nil and false are ignored')
do local a <close> = nil; local b <close> = false; local y <close> = c 'y' end
print('return values survive')
local function f(...) local a <close> = c 'f1'; local b <close> = c 'f2'; return 'r', ... end
print(f(1, 2, nil, 4))
print(select('#', f()))
local function g() local a <close> = c 'g'; return f('nested') end
print(g())
print('values computed before close')
do
  local v = 1
  local function h() local a <close> = setmetatable({}, {__close = function() v = v + 100 end}); return v end
  print(h(), v)
end
print('break, goto, loops')
for i = 1, 3 do local a <close> = c('it' .. i); if i == 2 then break end end
while true do local a <close> = c 'w'; do local b <close> = c 'w2'; break end end
do local i = 0; repeat local a <close> = c('rep' .. i); i = i + 1 until i == 2 end
print('errors')
e(function() local a <close> = c 'e1'; local b <close> = c 'e2'; error('main', 0) end)
e(function() local a <close> = c 'e1'; local b <close> = c('e2', 'from e2'); error('main', 0) end)
e(function() local a <close> = c('e1', 'from e1'); local b <close> = c('e2', 'from e2'); error('main', 0) end)
e(function() local a <close> = c('e1', 'from e1'); local b <close> = c 'e2'; return 'ok' end)
e(function() local a <close> = c('x1', 'from x1'); local b <close> = c('x2', 'from x2'); local d <close> = c('x3'); return 'ok' end)
e(function() local a <close> = c 'tbl'; error({}, 0) end == nil)
print('error object passes through')
do
  local obj = {code = 7}
  local seen
  local ok, m = pcall(function() local a <close> = setmetatable({}, {__close = function(_, x) seen = x end}); error(obj) end)
  print(ok, m == obj, seen == obj)
  ok, m = pcall(function() local a <close> = setmetatable({}, {__close = function(_, x) seen = x end}); error(nil) end)
  print(ok, m, seen)
end
print('not closable')
e(function() local x <close> = {} end)
e(function() local x <close> = 42 end)
e(function() local a <close> = c 'before'; local xyz <close> = 'str' end)
e(function() local x <close> = setmetatable({}, {}) end)
e(function() local m = {__close = function() print 'first mt' end}; local x <close> = setmetatable({}, m); m.__close = nil end)
e(function() local m = {__close = function() print 'first mt' end}; local x <close> = setmetatable({}, m); m.__close = function() print 'replaced' end end)
e(function() local m = {__close = function() end}; local x <close> = setmetatable({}, m); m.__close = 12; error('orig', 0) end)
e(function() local x <close> = setmetatable({}, {__close = setmetatable({}, {__call = function(_, o, err) print('callable close', type(o), err) end})}) end)
print('xpcall handler runs before the closes')
print(xpcall(function() local a <close> = c 'h'; error('E', 0) end, function(m) print('  handler', m); return 'H:' .. m end))
print('not in tail position')
local function depth() local a <close> = c 'tail'; return (function() print('  called'); return 'x' end)() end
print(depth())
print('coroutines: yield inside __close')
local function yc(name) return setmetatable({}, {__close = function(_, err) print('  yc ' .. name, err, coroutine.yield('closing ' .. name)) end}) end
local co = coroutine.wrap(function(...)
  local a <close> = yc 'a'
  local b <close> = yc 'b'
  print('  args', ...)
  coroutine.yield('body')
  return 'r1', 'r2'
end)
print(co('in1', 'in2')) print(co()) print(co('to b')) print(co('to a'))
co = coroutine.wrap(function() return pcall(function() local a <close> = yc 'a'; local b <close> = yc 'b'; error('err', 0) end) end)
print(co()) print(co(1)) print(co(2))
co = coroutine.wrap(function() for i = 1, 2 do local a <close> = yc('l' .. i); if i == 2 then break end end return 'end' end)
print(co()) print(co('p')) print(co('q'))
print('coroutine.close')
co = coroutine.create(function() local a <close> = c 'ca'; local b <close> = c 'cb'; coroutine.yield(1) end)
print(coroutine.resume(co)) print(coroutine.close(co), coroutine.status(co))
co = coroutine.create(function() local a <close> = c 'ca'; local b <close> = c('cb', 'err cb'); coroutine.yield(1) end)
print(coroutine.resume(co)) print(coroutine.close(co)) print(coroutine.status(co), coroutine.close(co))
co = coroutine.create(function() local a <close> = c('ca', 'err ca'); local b <close> = c('cb', 'err cb'); coroutine.yield(1) end)
coroutine.resume(co) print(coroutine.close(co)) print(coroutine.resume(co))
co = coroutine.wrap(function() local a <close> = c 'wa'; error('in wrap', 0) end)
print(pcall(co))
print('many')
do
  local order = {}
  local function go(n) local x <close> = setmetatable({}, {__close = function() order[#order + 1] = n end}); if n > 0 then go(n - 1) end end
  go(60)
  print(#order, order[1], order[31], order[61])
end
print('method of userdata-like state in generic for')
local function lines(s) local pos = 1; return function() if pos > #s then return nil end local a, b = s:find('\n', pos, true); local l = s:sub(pos, (a or #s + 1) - 1); pos = (b or #s) + 1; return l end, nil, nil, c 'lines' end
for l in lines('one\ntwo\nthree') do print('  ' .. l); if l == 'two' then break end end
