-- §6.1 error, assert, pcall, xpcall: values, levels, handlers, nesting, rethrow
local function pos(m) return type(m) == 'string' and (m:gsub('^[^\n]-:(%d+): ', 'POS: ')) or m end
local function show(...) local t = table.pack(...); for i = 1, t.n do local v = t[i]; if type(v) == 'table' then v = 'table:' .. tostring(v.code) elseif type(v) == 'function' then v = 'function' elseif type(v) == 'thread' then v = 'thread' end t[i] = tostring(pos(v)) end print(table.concat(t, '\t')) end
show(pcall(error)) show(pcall(error, nil)) show(pcall(error, 'msg')) show(pcall(error, 'msg', 0)) show(pcall(error, 'msg', 1)) show(pcall(error, 42)) show(pcall(error, 4.5)) show(pcall(error, true)) show(pcall(error, false)) show(pcall(error, {code = 1})) show(pcall(error, print)) show(pcall(error, {code = 2}, 2))
show(pcall(function() error 'with position' end)) show(pcall(function() error('no position', 0) end)) show(pcall(function() error(42) end)) show(pcall(function() error({code = 3}) end)) show(pcall(function() error(nil) end)) show(pcall(function() error() end))
-- levels give the lines of callers
local chunk = load([[
local function lvl(n) error('L' .. n, n) end
local function a(n)
  lvl(n)
end
local function b(n)
  a(n)
end
local function c(n)
  local x = b(n)
  return x
end
local res = {}
for n = 0, 4 do
  local ok, m = pcall(function()
    c(n)
  end)
  res[#res + 1] = m
end
return table.concat(res, '|')
]], '=lv')
print(chunk())
-- error messages keep non-string objects unchanged
local obj = setmetatable({code = 'E'}, {__tostring = function(s) return 'obj<' .. s.code .. '>' end})
local ok, m = pcall(error, obj)
print(ok, m == obj, tostring(m))
-- pcall results
show(pcall(function(...) return ... end, 1, nil, 3)) show(pcall(function() end)) show(pcall(pcall)) show(pcall(pcall, error, 'x')) show(pcall(pcall, pcall, error, 'x')) show(pcall(nil)) show(pcall(5)) show(pcall({})) show(pcall('str')) show(pcall(select, '#', nil, nil))
print(select('#', pcall(function() return nil, nil, nil end)))
-- nested pcall, rethrow, wrap
local function inner() error({code = 'inner'}) end
local function middle() local ok, err = pcall(inner); if not ok then err.code = err.code .. '+middle'; error(err) end end
local function outer() local ok, err = pcall(middle); if not ok then error(err.code .. '+outer', 0) end end
show(pcall(outer))
local function nest(n) if n == 0 then error('bottom', 0) end local ok, err = pcall(nest, n - 1); error(err .. n, 0) end
show(pcall(nest, 20))
-- assert
show(pcall(assert, false)) show(pcall(assert, nil, 'assert msg')) show(pcall(assert, false, {code = 'A'})) show(pcall(assert, nil, nil)) show(pcall(assert)) show(assert(1, 2, 3)) show(pcall(assert, false, 42)) show(select('#', assert(true, nil, nil))) show(pcall(function() assert(1 == 2, 'no position added') end)) show(assert('v', 'msg ignored'))
-- xpcall
show(xpcall(function() return 1, 2 end, print)) show(xpcall(function(...) return select('#', ...), ... end, print, 'a', nil, 'c')) show(xpcall(error, function(m) return 'H(' .. tostring(m) .. ')' end, 'msg', 0)) show(xpcall(error, function(m) return m, 'second dropped' end, {code = 5})) show(xpcall(function() local x = nil; return x.y end, function(m) return 'caught ' .. pos(m) end)) show(xpcall(error, function() end, 'lost')) show(xpcall(nil, function(m) return 'H ' .. m end)) show(xpcall(5, function(m) return {code = pos(m)} end))
-- handler runs at the point of the error: the stack is not unwound
do
  local depth, seen = 0, nil
  local function rec(n) depth = n; if n == 10 then error('deep', 0) end rec(n + 1); depth = depth - 1 end
  show(xpcall(rec, function(m) seen = depth; return m end, 1)); print(seen)
end
-- errors inside handlers
do
  local n = 0
  local ok, m = xpcall(error, function(m) n = n + 1; if n < 4 then error('again' .. n, 0) end return 'settled ' .. tostring(m) end, 'first', 0)
  print(ok, m, n)
  print(xpcall(error, function(m) local ok2, m2 = pcall(error, 'inner', 0); return m .. '/' .. m2 end, 'outer', 0))
  print(xpcall(function() return xpcall(error, function(m) return m .. ' h1' end, 'e', 0) end, function(m) return m .. ' h2' end))
  print(xpcall(function() local _, m = xpcall(error, function(m) return m .. ' h1' end, 'e', 0); error(m, 0) end, function(m) return m .. ' h2' end))
  print(xpcall(function() pcall(error, 'swallowed') error('real', 0) end, function(m) return 'H:' .. m end))
  local ok3, m3 = xpcall(error, function(m) error(m, 0) end, 'forever', 0)
  print(ok3, type(m3))
end
show(pcall(xpcall)) show(pcall(xpcall, print)) show(pcall(function() xpcall(print) end))
-- a handler must be a function, even if the value is callable
show(pcall(xpcall, error, setmetatable({}, {__call = function(_, m) return 'callable ' .. m end}), 'x', 0))
-- handlers in coroutines with yields before the error
local co = coroutine.wrap(function() return xpcall(function(a) local b = coroutine.yield(a + 1); error('after yield ' .. b, 0) end, function(m) return 'H:' .. m end, 10) end)
print(co()) print(co('B'))
-- heavy: exceptions as control flow
local sum = 0
for i = 1, 4000 do
  local ok, v = pcall(function(k) if k % 3 == 0 then error(k, 0) elseif k % 5 == 0 then error({k}) end return k end, i)
  if ok then sum = sum + v elseif type(v) == 'table' then sum = sum - v[1] else sum = sum + 2 * v end
end
print(sum)
