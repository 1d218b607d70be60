-- Prints whatever could differ from run to run: what is random, the time, and every order and number that memory decides.
local out = {}
local function show(...) out[#out + 1] = table.concat(table.pack(...), ' ') end
local function order(name, keyed)
  local values = {}
  for _, value in pairs(keyed) do values[#values + 1] = tostring(value) end
  show(name, table.concat(values, ','))
end

show('random', math.random(0), math.random(), math.random(1000), math.randomseed())
show('time', os.time(), os.date('!%F %T'), os.date('%c'), os.clock())

local by_string, by_long, by_integer, by_float, by_table, by_function, by_coroutine, mixed = {}, {}, {}, {}, {}, {}, {}, {}
for i = 1, 300 do
  by_string['key' .. i] = i
  by_long[('long key '):rep(9) .. i] = i
  by_integer[-i * 977] = i
  by_float[i / 128 + 0.001] = i
  by_table[{}] = i
  by_function[function() return i end] = i
  by_coroutine[coroutine.create(function() return i end)] = i
  mixed[i % 7 == 0 and {} or i % 5 == 0 and i / 3 or i % 3 == 0 and -i or 'k' .. i] = i
end
order('strings', by_string)
order('long strings', by_long)
order('integers', by_integer)
order('floats', by_float)
order('tables', by_table)
order('functions', by_function)
order('coroutines', by_coroutine)
order('mixed', mixed)

local by_builtin, names = {}, {}
for _, library in ipairs { string, table, math, utf8, coroutine } do
  for name, value in pairs(library) do
    names[#names + 1] = name
    if type(value) == 'function' then by_builtin[value] = name end
  end
end
by_builtin[json.null], by_builtin[script], by_builtin[true] = 'null', 'script', 'true'
show('libraries', table.concat(names, ','))
order('built in', by_builtin)
local globals = {}
for name in pairs(_G) do globals[#globals + 1] = name end
show('globals', table.concat(globals, ','))

show('shown', tostring({}), tostring(print), tostring(show), tostring(coroutine.create(print)), tostring(script))
show('%p', string.format('%p %p %p %p %p', {}, 'short', ('long'):rep(20000), print, json.null))
show('errors', pcall(error, {}) and '' or tostring(select(2, pcall(error, {}))), tostring(select(2, pcall(function() local x = {} .. {} end))))
show('json', json.encode(by_string), tostring(json.decode('{"a":{},"b":[1]}').a))

-- A comparator sees the choices that a sort makes. It makes some where the largest are first, last, and in the middle.
local list, asked = {}, 0
for i = 1, 3000 do list[i] = i end
list[1], list[(1 + #list) // 2], list[#list] = 9001, 9002, 9003
table.sort(list, function(a, b) asked = (asked * 31 + a * 7 + b) % 1000003 return a < b end)
show('sort', asked)

-- The collector: when it works, in which order it forgets, and what is left.
local weak, gone = setmetatable({}, { __mode = 'k' }), {}
local most = 0
for i = 1, 30000 do
  weak[{ i }] = i
  local garbage = { tostring(i), function() return i end, ('x'):rep(i % 500) }
  most = math.max(most, collectgarbage('count'))
  if i % 1000 == 0 then
    local left = 0
    for _ in pairs(weak) do left = left + 1 end
    gone[#gone + 1] = left
  end
end
show('collector', most, collectgarbage('count'), table.concat(gone, ','))

-- Large blocks, and small ones in the holes that they leave.
local blocks = {}
for i = 1, 60 do blocks[i] = ('b'):rep(i * 1777) end
for i = 1, 60, 2 do blocks[i] = nil end
for i = 1, 2000 do blocks[{ i }] = i end
order('after blocks', blocks and (function() local k = {} for key, v in pairs(blocks) do if type(key) == 'table' then k[#k + 1] = v end end return k end)())

-- How deep calls go through C, which a yield in the middle must not change.
local function deep(n)
  for _ = 1, 200 do n = n + 0 end
  local ok, more = pcall(deep, n + 1)
  return ok and more or n
end
show('deep', deep(0))
local function nested(n)
  for _ = 1, 200 do n = n + 0 end
  local ok, more = coroutine.resume(coroutine.create(nested), n + 1)
  return ok and more or n
end
show('nested', nested(0))
show('gsub', (('abc'):gsub('.', function(c) for _ = 1, 2000 do c = c end return tostring({}) end)))

-- Functions that run at once: in which order they wake, and how deep their calls go, as above.
local function reach(n)
  for _ = 1, 5 do n = n + 0 end
  local ok, more = pcall(reach, n + 1)
  return ok and more or n
end
local function napping(i)
  return function()
    sleep(i % 3)
    show('woken', i, os.clock(), tostring({}))
    return reach(0) .. ' ' .. coroutine.wrap(reach)(0) .. ' ' .. tostring(coroutine.running()) .. ' ' .. math.random(0)
  end
end
show('parallel', parallel(napping(5), napping(1), function() return table.concat({ parallel(napping(0), napping(4)) }, ' ') end, napping(3)))
show('first error', tostring(select(2, pcall(parallel, function() sleep(2) error({}) end, function() sleep(1) error(print) end))), os.clock())

for i = 1, 20 do State.set('key' .. (i * 7 % 20), { i }) end
show('State', table.concat(State.list(), ','), tostring(State.get('key7')), State.incr('n'))
sleep(0)
show('load', tostring(load('return {}')()), tostring(load('x =')))
show('last', tostring({}), math.random(0), collectgarbage('count'))
return table.concat(out, '\n')
