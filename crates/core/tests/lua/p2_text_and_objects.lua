-- §3/§6 programs: JSON-like serializer and parser, tokenizer, calculator, markov chain, OOP, memoize, string buffers, LRU, events
-- serializer with sorted keys
local function ser(v, ind)
  ind = ind or ''
  local t = type(v)
  if t == 'table' then
    local keys, out = {}, {}
    for k in pairs(v) do keys[#keys + 1] = k end
    table.sort(keys, function(a, b) if type(a) == type(b) then return a < b end return type(a) < type(b) end)
    for _, k in ipairs(keys) do out[#out + 1] = ind .. '  ' .. (type(k) == 'string' and k:match '^[%a_][%w_]*$' or '[' .. ser(k) .. ']') .. ' = ' .. ser(v[k], ind .. '  ') end
    return #out == 0 and '{}' or '{\n' .. table.concat(out, ',\n') .. '\n' .. ind .. '}'
  elseif t == 'string' then return ('%q'):format(v):gsub('\\\n', '\\n') .. ''
  elseif t == 'number' then return math.type(v) == 'float' and ('%.17g'):format(v) or tostring(v) end
  return tostring(v)
end
local doc = {name = 'x "y"\n', list = {1, 2.5, -3, {nested = {}}}, [10] = true, ['odd key'] = false, [1.5] = 'f', f = 0.1, big = math.maxinteger}
local s1 = ser(doc); print(s1) print(ser(load('return ' .. s1)()) == s1)
-- JSON
local json = {}
function json.encode(v)
  local t = type(v)
  if t == 'nil' or t == 'boolean' then return tostring(v) elseif t == 'number' then return math.type(v) == 'integer' and ('%d'):format(v) or ('%.14g'):format(v)
  elseif t == 'string' then return '"' .. v:gsub('[%c"\\]', function(c) return ({['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\t'] = '\\t'})[c] or ('\\u%04x'):format(c:byte()) end) .. '"'
  elseif t == 'table' then
    local out = {}
    if #v > 0 or next(v) == nil then for i, x in ipairs(v) do out[i] = json.encode(x) end return '[' .. table.concat(out, ',') .. ']' end
    local ks = {}; for k in pairs(v) do ks[#ks + 1] = k end table.sort(ks)
    for _, k in ipairs(ks) do out[#out + 1] = json.encode(k) .. ':' .. json.encode(v[k]) end
    return '{' .. table.concat(out, ',') .. '}'
  end
  error('cannot encode ' .. t, 0)
end
function json.decode(s)
  local pos = 1
  local value
  local function fail(m) error(('%s at %d'):format(m, pos), 0) end
  local function ws() pos = s:find('[^ \t\r\n]', pos) or #s + 1 end
  local function str()
    local out = {}; pos = pos + 1
    while true do
      local a, b = s:find('^[^"\\%c]+', pos); if a then out[#out + 1] = s:sub(a, b); pos = b + 1 end
      local c = s:sub(pos, pos)
      if c == '"' then pos = pos + 1; return table.concat(out)
      elseif c == '\\' then
        local e = s:sub(pos + 1, pos + 1)
        if e == 'u' then local h = s:match('^%x%x%x%x', pos + 2) or fail 'bad escape'; out[#out + 1] = utf8.char(tonumber(h, 16)); pos = pos + 6
        else out[#out + 1] = ({n = '\n', t = '\t', r = '\r', b = '\b', f = '\f', ['"'] = '"', ['\\'] = '\\', ['/'] = '/'})[e] or fail 'bad escape'; pos = pos + 2 end
      else fail 'bad string' end
    end
  end
  function value()
    ws(); local c = s:sub(pos, pos)
    if c == '{' then local r = {}; pos = pos + 1; ws(); if s:sub(pos, pos) == '}' then pos = pos + 1 return r end
      repeat ws(); if s:sub(pos, pos) ~= '"' then fail 'expected key' end local k = str(); ws(); if s:sub(pos, pos) ~= ':' then fail 'expected :' end pos = pos + 1; r[k] = value(); ws(); local d = s:sub(pos, pos); pos = pos + 1; if d ~= ',' and d ~= '}' then pos = pos - 1 fail 'expected , or }' end until d == '}'
      return r
    elseif c == '[' then local r = {}; pos = pos + 1; ws(); if s:sub(pos, pos) == ']' then pos = pos + 1 return r end
      repeat r[#r + 1] = value(); ws(); local d = s:sub(pos, pos); pos = pos + 1; if d ~= ',' and d ~= ']' then pos = pos - 1 fail 'expected , or ]' end until d == ']'
      return r
    elseif c == '"' then return str() end
    for lit, v in pairs {['true'] = true, ['false'] = false} do if s:sub(pos, pos + #lit - 1) == lit then pos = pos + #lit; return v end end
    local n = s:match('^-?%d+%.?%d*[eE]?[+-]?%d*', pos); if n and tonumber(n) then pos = pos + #n; return tonumber(n) end
    fail 'unexpected character'
  end
  local v = value(); ws(); if pos <= #s then fail 'trailing garbage' end return v
end
local text = '{"a": [1, 2.50, -3e2, {"b": []}], "s": "q\\"\\n\\u00e9\\u20ac/", "t": true, "f": false, "deep": [[[[["x"]]]]]}'
local dec = json.decode(text); print(json.encode(dec)) print(json.encode(json.decode(json.encode(dec))) == json.encode(dec))
for _, bad in ipairs {'', '[1,', '{"a" 1}', '{a:1}', '[1 2]', '"abc', '"\\x"', '[1]]', 'nul', '-', '{"a":}', '"\\u12"', '[,]'} do print(bad, pcall(json.decode, bad)) end
print(pcall(json.encode, {print})) local nest = '1'; for _ = 1, 40 do nest = '[' .. nest .. ',{"k":' .. nest:sub(1, 20):gsub('.', '1') .. '}]' end print(#json.encode(json.decode(nest)))
local bigdoc = {}; for i = 1, 250 do bigdoc[i] = {id = i, name = 'item ' .. i, tags = {'t' .. i % 3, 't' .. i % 5}, price = i * 1.25, ok = i % 2 == 0} end
local enc = json.encode(bigdoc); local again = json.encode(json.decode(enc)); print(#enc, enc == again, enc:sub(1, 120))
-- calculator: tokenizer + precedence climbing, evaluated through coroutines
local function tokens(src) return coroutine.wrap(function() local pos = 1; while true do pos = src:find('%S', pos); if not pos then break end local a, b, num = src:find('^(%d+%.?%d*)', pos); if num then coroutine.yield('num', tonumber(num)); pos = b + 1 else local _, c, id = src:find('^(%a+)', pos); if id then coroutine.yield('id', id); pos = c + 1 else coroutine.yield('op', src:sub(pos, pos)); pos = pos + 1 end end end while true do coroutine.yield('eof', 'eof') end end) end
local prec = {['+'] = {1, 'l'}, ['-'] = {1, 'l'}, ['*'] = {2, 'l'}, ['/'] = {2, 'l'}, ['%'] = {2, 'l'}, ['^'] = {4, 'r'}}
local fn = {['+'] = function(a, b) return a + b end, ['-'] = function(a, b) return a - b end, ['*'] = function(a, b) return a * b end, ['/'] = function(a, b) if b == 0 then error('division by zero', 0) end return a / b end, ['%'] = function(a, b) return a % b end, ['^'] = function(a, b) return a ^ b end}
local function calc(src, vars)
  local nxt = tokens(src); local k, v = nxt()
  local function adv() k, v = nxt() end
  local expr
  local function atom()
    local kk, vv = k, v
    if kk == 'num' then adv() return vv elseif kk == 'id' then adv(); return vars and vars[vv] or error('unknown variable ' .. vv, 0)
    elseif vv == '(' then adv(); local r = expr(1); if v ~= ')' then error('expected )', 0) end adv(); return r
    elseif vv == '-' then adv(); return -expr(3) end
    error('unexpected ' .. tostring(vv), 0)
  end
  function expr(min) local l = atom(); while k == 'op' and prec[v] and prec[v][1] >= min do local op = v; adv(); l = fn[op](l, expr(prec[op][2] == 'l' and prec[op][1] + 1 or prec[op][1])) end return l end
  local r = expr(1); if k ~= 'eof' then error('unexpected ' .. tostring(v), 0) end return r
end
for _, src in ipairs {'1 + 2 * 3', '(1 + 2) * 3', '2 ^ 3 ^ 2', '-2 ^ 2', '10 - 4 - 3', '7 % 4 * 2', '1 / 4', 'x * (y + 1)', '1 +', '(1', '1 2', '5 / 0', 'zz + 1', '', '2 * -3', '((((4))))', '1.5 * 4'} do print(src, pcall(calc, src, {x = 6, y = 6})) end
-- markov chain, seeded
math.randomseed(42, 7)
local words, chain = {}, {}
for w in ('the cat sat on the mat and the dog sat on the cat while the bird sang to the dog and the cat ran to the mat'):gmatch '%a+' do words[#words + 1] = w end
for i = 1, #words - 1 do chain[words[i]] = chain[words[i]] or {}; table.insert(chain[words[i]], words[i + 1]) end
local out, w = {}, 'the'; for _ = 1, 40 do out[#out + 1] = w; local nx = chain[w]; w = nx and nx[math.random(#nx)] or 'the' end print(table.concat(out, ' '))
local freq, ks = {}, {}; for _, x in ipairs(out) do freq[x] = (freq[x] or 0) + 1 end for k in pairs(freq) do ks[#ks + 1] = k end table.sort(ks, function(a, b) if freq[a] ~= freq[b] then return freq[a] > freq[b] end return a < b end) for _, k in ipairs(ks) do io.write(k, ':', freq[k], ' ') end print()
-- OOP with inheritance, mixins, tostring, class methods, privacy by closures
local function class(name, parent) local c = {}; c.__index = c; c.__name = name; if parent then for k, v in pairs(parent) do if k:sub(1, 2) == '__' and k ~= '__index' and k ~= '__name' then c[k] = v end end end return setmetatable(c, {__index = parent, __call = function(cls, ...) local o = setmetatable({}, cls); if cls.init then cls.init(o, ...) end return o end, __tostring = function() return 'class ' .. name end}) end
local Shape = class 'Shape'; function Shape:init(n) self.n = n end function Shape:area() return 0 end function Shape.__tostring(s) return ('%s(%s,%.2f)'):format(getmetatable(s).__name, s.n, s:area()) end function Shape.__lt(a, b) return a:area() < b:area() end
local Circle = class('Circle', Shape); function Circle:init(r) Shape.init(self, 'c' .. r); self.r = r end function Circle:area() return math.pi * self.r ^ 2 end
local Rect = class('Rect', Shape); function Rect:init(a, b) Shape.init(self, 'r'); self.a, self.b = a, b end function Rect:area() return self.a * self.b end
local Square = class('Square', Rect); function Square:init(a) Rect.init(self, a, a); self.n = 'sq' end
local shapes = {Circle(1), Rect(2, 3), Square(1.5), Shape 'none', Circle(0.5)}; table.sort(shapes); for _, s in ipairs(shapes) do io.write(tostring(s), ' ') end print(tostring(Square), Square(2) < Rect(2, 2.5))
local function account(b) return {deposit = function(v) b = b + v return b end, withdraw = function(v) if v > b then error('insufficient funds', 0) end b = b - v return b end} end local ac = account(100) print(ac.deposit(50), ac.withdraw(30), pcall(ac.withdraw, 1000))
-- memoize, compose, curry, reduce
local function memo(f) local c, hits = {}, 0; return function(n) if c[n] == nil then c[n] = f(n) else hits = hits + 1 end return c[n] end, function() return hits end end
local fibm, hits; fibm, hits = memo(function(n) return n < 2 and n or fibm(n - 1) + fibm(n - 2) end) print(fibm(80), hits())
local function compose(...) local fs = {...}; return function(...) local r = table.pack(...); for i = #fs, 1, -1 do r = table.pack(fs[i](table.unpack(r, 1, r.n))) end return table.unpack(r, 1, r.n) end end
local function curry(f, n) if n == 1 then return f end return function(x) return curry(function(...) return f(x, ...) end, n - 1) end end
local function reduce(t, f, a) for _, v in ipairs(t) do a = f(a, v) end return a end
print(compose(tostring, function(x) return x + 1 end, function(a, b) return a * b end)(6, 7), curry(function(a, b, c) return a .. b .. c end, 3)('x')('y')('z'), reduce({1, 2, 3, 4}, function(a, b) return a * b end, 1))
-- LRU cache and event emitter
local function lru(n) local order, map = {}, {}; return function(k, v) for i, kk in ipairs(order) do if kk == k then table.remove(order, i) break end end if v ~= nil then map[k] = v end if map[k] ~= nil then order[#order + 1] = k; if #order > n then map[table.remove(order, 1)] = nil end end return map[k] end end
local c = lru(3); c('a', 1) c('b', 2) c('c', 3) c('a') c('d', 4) print(c 'a', c 'b', c 'c', c 'd')
local ev = setmetatable({}, {__index = function(t, k) local l = setmetatable({}, {__call = function(self, ...) local r = {}; for i, f in ipairs(self) do local ok, v = pcall(f, ...); r[i] = (ok and '' or '!') .. tostring(v) end return table.concat(r, ',') end}); rawset(t, k, l); return l end})
table.insert(ev.click, function(x) return x * 2 end) table.insert(ev.click, function(x) error('handler ' .. x, 0) end) table.insert(ev.click, coroutine.wrap(function(x) while true do x = coroutine.yield(x + 100) end end)) print(ev.click(5), ev.click(6), ev.other(1) == '')
