-- §3.2/§2.2 variables: globals, locals, upvalues, _ENV as a local, parameter and upvalue
x_global = 1
print(x_global, _G.x_global, _ENV.x_global, _ENV == _G, undefined_variable)
_G.y_global = 'y'
print(y_global, rawget(_G, 'y_global'))
y_global = nil
print(y_global, rawget(_G, 'y_global'))

do
  local print = print
  local _ENV = {}
  a = 5
  print(a, _ENV.a)
  b = {a = a}
  print(b.a)
end
print(a, b)

local function sandboxed(_ENV, n)
  result = n * factor
  return result
end
local env = {factor = 3}
print(sandboxed(env, 14), env.result, result)

local print = print
do
  local _ENV <const> = setmetatable({}, {__index = _G, __newindex = function(t, k, v) rawset(t, k, v); print('set', k, v) end})
  v1 = 10
  v2 = v1 + 1
  v1 = nil
  v1 = 12
  print(v1, v2, type(string.format))
end

-- a function with _ENV = nil
local f = load('local a = 1; return a', '=x', 't', nil)
print(f())
local g = load('return z', '=x', 't', nil)
print(pcall(g))
local h = load('z = 1', '=x', 't', 42)
print(pcall(h))
local m = load('return z', '=x', 't', 'str')
print(pcall(m))
local k = load('return len("abc"), upper', '=x', 't', string)
print(k() == 3, select(2, k()) == string.upper)

-- shadowing
local x = 1
do local x = x + 1; do local x = x + 1; print(x) end print(x) end
print(x)
local function shadow(x) local x = x * 2; return function() x = x + 1; return x end end
local s1, s2 = shadow(1), shadow(10)
print(s1(), s1(), s2(), s1(), s2())

-- each iteration has a fresh local
local fs = {}
for i = 1, 3 do fs[#fs + 1] = function() i = i + 10; return i end end
for _, v in ipairs {'a', 'b'} do fs[#fs + 1] = function() v = v .. '!'; return v end end
local n = 0
while n < 2 do n = n + 1; local c = n; fs[#fs + 1] = function() c = c + 100; return c end end
repeat local r = n; n = n + 1; fs[#fs + 1] = function() r = r + 1000; return r end until r >= 3
for i = 1, #fs do io.write(tostring(fs[i]()), ' ', tostring(fs[i]()), '; ') end
print()

-- upvalues shared between closures
local function counter()
  local c = 0
  return function() c = c + 1; return c end, function() return c end, function(v) c = v end
end
local inc, get, set = counter()
inc(); inc(); print(get()); set(40); print(inc(), get())

-- local function is recursive, local f = function is not
local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
print(fact(20))
local notrec = 'outer'
local notrec = function() return notrec end
print(notrec())

-- a local is not visible in its own initialiser
local q = 10
local q = q + 1
print(q)

-- upvalue through three levels
local function l1()
  local a = 'a'
  return function()
    local b = 'b'
    return function(c) a, b = a .. c, b .. c; return a .. b end
  end
end
local l3 = l1()()
print(l3 'x', l3 'y')

-- limits
local names = {}
for i = 1, 200 do names[i] = 'v' .. i end
print(load('local ' .. table.concat(names, ',') .. ' = 1; return v1, v200', '=lim')())
names[201] = 'v201'
print(load('local ' .. table.concat(names, ','), '=lim'))
local parts = {'local function f() return 0'}
for i = 1, 255 do parts[#parts + 1] = '' end
local decl, use = {}, {}
for blk = 1, 2 do
  local l = {}
  for i = 1, 130 do l[i] = ('u%d_%d'):format(blk, i); use[#use + 1] = l[i] end
  decl[blk] = 'local ' .. table.concat(l, ',')
end
print(load('local function outer() ' .. decl[1] .. ' return function() ' .. decl[2] ..
  ' return function() return ' .. table.concat(use, '+') .. ' end end end', '=up'))
x_global = nil
