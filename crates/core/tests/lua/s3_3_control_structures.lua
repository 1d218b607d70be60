-- §3.3 if/while/repeat/break/return, truthiness, scoping of repeat-until, chunk structure
for _, v in ipairs {0, '', 'false', 0.0, {}, print, true, false} do
  if v then io.write('T ') else io.write('F ') end
end
if nil then io.write('T') else io.write('F') end
print()
local function cls(n)
  if n < 0 then return 'neg' elseif n == 0 then return 'zero' elseif n < 10 then return 'small' else return 'big' end
end
print(cls(-5), cls(0), cls(5), cls(50), cls(0.5), cls(-0.0))
-- repeat sees the locals of its body
local n = 0
repeat local done = n >= 3; n = n + 1 until done
print(n)
local fs = {}
local k = 0
repeat
  local x = k
  fs[#fs + 1] = function() return x end
  k = k + 1
until x == 4 or (function() return x > 10 end)()
for i = 1, #fs do io.write(fs[i](), ' ') end print()
-- repeat with upvalue captured in the condition
do
  local i, conds = 0, {}
  repeat
    local y <const> = i * 2
    local z = y
    i = i + 1
    conds[i] = function() z = z + 1; return z end
  until conds[i]() > 6
  print(i, conds[1](), conds[#conds]())
end
-- break leaves only the innermost loop
for i = 1, 3 do
  local j = 0
  while true do j = j + 1; if j > i then break end; repeat if j == 2 then break end; io.write(i, '.', j, ' ') until true end
end
print()
-- while with complex conditions and side effects
local log = {}
local function t(x) log[#log + 1] = 't' .. x; return true end
local function f(x) log[#log + 1] = 'f' .. x; return false end
local _ = t(1) and f(2) or t(3)
_ = f(4) or f(5) and t(6)
_ = not f(7) and (t(8) or t(9))
print(table.concat(log, ' '))
print(nil and 1, false and 1, 1 and 2, nil or 1, false or nil, 1 or 2, nil and nil or false, not nil, not 0)
print(false == nil, nil == nil, (nil or false) == false, 1 and nil)
print((function() return 1, 2, 3 end)())
print(((function() return 1, 2, 3 end)()))
-- return in the middle of nested structures
local function search(m, x)
  for i, row in ipairs(m) do
    for j, v in ipairs(row) do
      if v == x then do return i, j end end
      while v > 100 do repeat return 'large', v until true end
    end
  end
end
local m = {{1, 2, 3}, {4, 5, 6}, {7, 8, 900}}
print(search(m, 5)) print(search(m, 1)) print(search(m, 42))
print(select('#', search({}, 1)))
-- numeric scoping
do local i = 'outer'; for i = 1, 2 do end; print(i) end
-- semicolons and empty statements
;;; do ;;; end ; local a = 1; ; print(a);
-- call-statement ambiguity resolved with semicolons
local s = 'x'
;(function() s = s .. 'y' end)()
print(s)
-- functions: definitions of every shape
local obj = {a = {b = {}}}
function obj.f(x) return 'f', x end
function obj.a.g(x) return 'g', x end
function obj.a.b:m(x) return self == obj.a.b, x end
print(obj.f(1)) print(obj.a.g(2)) print(obj.a.b:m(3)) print(obj.a.b.m(obj, 4))
local function noreturn() end
print(noreturn(), (noreturn()), select('#', noreturn()), select('#', (noreturn())))
print(pcall(function() return type((noreturn())) end))
print(select(2, pcall(function() return type(noreturn()) end)):match 'bad argument.*')
-- deep nesting of blocks and functions
local src = {}
for i = 1, 100 do src[#src + 1] = 'do local v' .. i .. ' = ' .. i end
src[#src + 1] = 'r = v1 + v50 + v100'
for i = 1, 100 do src[#src + 1] = 'end' end
local env = {}
load(table.concat(src, '\n'), '=deep', 't', env)()
print(env.r)
src = 'return ' .. ('function() return '):rep(50) .. '42' .. (' end'):rep(50)
local g = load(src)()
for i = 1, 49 do g = g() end
print(g())
-- too deep for the parser: only the kind of message is checked
local okp, msg = load(('do '):rep(1000) .. ('end '):rep(1000), '=deep')
print(okp, msg and msg:match('C stack overflow') or msg)
okp, msg = load('return ' .. ('('):rep(1000) .. '1' .. (')'):rep(1000), '=deep')
print(okp, msg and msg:match('C stack overflow') or msg)
okp, msg = load('x = ' .. ('{'):rep(1000) .. ('}'):rep(1000), '=deep')
print(okp, msg and msg:match('C stack overflow') or msg)
okp, msg = load('return ' .. ('-'):rep(0) .. ('not '):rep(1000) .. 'nil', '=deep')
print(okp, msg and msg:match('C stack overflow') or msg)
-- long if/elseif chain
local chain = {'local x = ...; if x == 0 then return 0'}
for i = 1, 300 do chain[#chain + 1] = ('elseif x == %d then return %d'):format(i, i * i) end
chain[#chain + 1] = "else return 'none' end"
local cf = load(table.concat(chain, '\n'))
print(cf(0), cf(1), cf(150), cf(300), cf(301))
-- a sieve with while and a nested repeat
local N, comp, primes = 20000, {}, {}
local i = 2
while i <= N do
  if not comp[i] then
    primes[#primes + 1] = i
    local j = i * i
    if j <= N then repeat comp[j] = true; j = j + i until j > N end
  end
  i = i + 1
end
print(#primes, primes[1], primes[100], primes[#primes])
