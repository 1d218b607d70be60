// A call of the host waits anywhere in Lua where it can, and scripts notice nothing of it.
'use strict'

const { engineExposing, valuesOf } = require('./support/engine')
const { BASIC } = require('./support/host-functions')

describe('a call may wait', () => {
  // Every way gets its values through `slow`, which answers in another turn of the event loop.
  const PLACES = {
    'in the main chunk': ['return host.slow(1) + host.slow(2)', [3]],
    'in a tail call': ['return host.slow(1)', [1]],
    'as an argument of itself': ['return host.slow(host.slow(host.slow(4)))', [4]],
    'in a constructor': ['return ({ host.slow(1), a = host.slow(2) }).a', [2]],
    'in pcall': ['return pcall(function() return host.slow(1), 2 end)', [true, 1, 2]],
    'as the function of pcall': ['return pcall(host.slow, 1)', [true, 1]],
    'in pcall in pcall': ['return pcall(pcall, pcall, host.slow, 1)', [true, true, true, 1]],
    'in xpcall': ['return xpcall(function(...) return host.slow(...) end, print, 7)', [true, 7]],
    'in an error that goes through xpcall': [
      'return xpcall(function() host.slow(1) error("e", 0) end, function(e) return "h" .. e end)',
      [false, 'he'],
    ],
    'in a coroutine, whose resume does not see it': [
      `local co = coroutine.create(function(a) local b = host.slow(a + 1) local c = coroutine.yield(b) return host.slow(c) end)
       local r = { coroutine.resume(co, 1) }
       r[3] = coroutine.status(co)
       r[4], r[5] = coroutine.resume(co, "c")
       r[6] = coroutine.status(co)
       return table.unpack(r)`,
      [true, 2, 'suspended', true, 'c', 'dead'],
    ],
    'in a coroutine in a coroutine in a pcall in a coroutine': [
      `local function deep(n) if n == 0 then return host.slow("deep") end
         return coroutine.wrap(function() local ok, v = pcall(deep, n - 1) assert(ok, v) return v end)() end
       return deep(40)`,
      ['deep'],
    ],
    'as the body of a coroutine': ['return coroutine.wrap(host.slow)(5)', [5]],
    'in a coroutine that is then abandoned': [
      'local co = coroutine.wrap(function() host.slow(1) coroutine.yield(host.slow(2)) host.slow(3) end) local v = co() co = nil return v, host.slow(4)',
      [2, 4],
    ],
    'in a generic for': [
      'local s = 0 for i in function(_, i) i = host.slow((i or 0) + 1) if i <= 3 then return i end end do s = s + i end return s',
      [6],
    ],
    'as the iterator of a generic for': ['for v in host.slow, "state" do return v end', ['state']],
    'in a coroutine as an iterator': [
      'local s = 0 for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(host.slow(i)) end end) do s = s + v end return s',
      [6],
    ],
    'in a numeric for': ['local s = 0 for i = host.slow(1), host.slow(3), host.slow(1) do s = s + i end return s', [6]],
    'in a variable to be closed': [
      'local s = "" do local x <close> = setmetatable({}, { __close = function() s = s .. host.slow("closed") end }) s = s .. "in " end return s',
      ['in closed'],
    ],
    'as __close': ['do local x <close> = setmetatable({}, { __close = host.slow }) end return 1', [1]],
    'in a variable to be closed by break and by return': [
      `local s = ""
       local function f() for i = 1, 3 do local x <close> = setmetatable({}, { __close = function() s = s .. host.slow(i) end }) if i == 2 then return "r" .. host.slow("r") end end end
       return f() .. s`,
      ['rr12'],
    ],
    'in a variable to be closed by an error that is caught': [
      'local s = "" local ok, e = pcall(function() local x <close> = setmetatable({}, { __close = function(_, e) s = host.slow(e) end }) error("e", 0) end) return ok, e, s',
      [false, 'e', 'e'],
    ],
    'in the closing value of a generic for': [
      'local s = "" for i in function(_, i) return (i or 0) + 1 end, nil, nil, setmetatable({}, { __close = function() s = host.slow("closed") end }) do if i == 2 then break end end return s',
      ['closed'],
    ],
    'in __index': ['return setmetatable({}, { __index = function(_, k) return host.slow(k) end }).key', ['key']],
    'in __index of strings of keys, far down': [
      'local t = {} for _ = 1, 50 do t = setmetatable({}, { __index = t }) end local b = setmetatable({}, { __index = function(_, k) return host.slow(k) end }) return setmetatable({}, { __index = b }).k',
      ['k'],
    ],
    'as __index': ['return type(setmetatable({}, { __index = host.count }).key)', ['number']],
    'in __newindex': [
      'local s setmetatable({}, { __newindex = function(_, k, v) s = host.slow(k) .. host.slow(v) end }).a = "b" return s',
      ['ab'],
    ],
    'in __call': ['return setmetatable({}, { __call = function(_, v) return host.slow(v) end })(3)', [3]],
    'in __eq': [
      'local m = { __eq = function() return host.slow(true) end } return setmetatable({}, m) == setmetatable({}, m), setmetatable({}, m) ~= setmetatable({}, m)',
      [true, false],
    ],
    'in __lt': [
      'local m = { __lt = function() return host.slow(true) end } return setmetatable({}, m) < setmetatable({}, m)',
      [true],
    ],
    'in __le': [
      'local m = { __le = function() return host.slow(false) end } if setmetatable({}, m) <= setmetatable({}, m) then return 1 else return 2 end',
      [2],
    ],
    'in __concat': [
      'local m = { __concat = function(a, b) return host.slow("c") end } return "a" .. setmetatable({}, m) .. "b", setmetatable({}, m) .. 1',
      ['ac', 'c'],
    ],
    'in __len': ['return #setmetatable({}, { __len = function() return host.slow(9) end })', [9]],
    'in __unm, __add, __idiv, __bnot and __shl': [
      'local f = function() return host.slow(1) end local t = setmetatable({}, { __unm = f, __add = f, __idiv = f, __bnot = f, __shl = f }) return -t + (t + 1) + (t // 1) + ~t + (1 << t)',
      [5],
    ],
    'in __pairs': [
      'local n = 0 for _ in pairs(setmetatable({}, { __pairs = function() host.slow(1) return next, { 1, 2 } end })) do n = n + 1 end return n',
      [2],
    ],
    'in a function that load made': ['return load("return host.slow(...)")(8)', [8]],
    'beside output': ['print("a") local v = host.slow("v") print("b") return v', ['v']],
    'and goto goes around it': [
      'local n = 0 ::again:: n = n + host.slow(1) if n < 5 then goto again end return n',
      [5],
    ],
    'in the middle of an expression with many temporaries': [
      'return host.slow(1) .. host.slow(2) .. (3 + host.slow(4)) .. #{ host.slow(1), host.slow(2), host.slow(3) }',
      ['1273'],
    ],
    'among upvalues that are shared': [
      'local n = 0 local function add() n = n + 1 return n end local a = add() + host.slow(10) + add() return a, n',
      [13, 2],
    ],
  }

  test.each(Object.keys(PLACES))('%s', async (place) => {
    const engine = engineExposing({ ...BASIC, count: async (_context, ...args) => args.length - 1 }, { concurrency: 1 })
    const [code, expected] = PLACES[place]
    expect(await valuesOf(engine, code)).toEqual(expected)
    const sync = engineExposing({ slow: BASIC.same, count: (_context, ...args) => args.length - 1 }, { concurrency: 1 })
    expect(await valuesOf(sync, code)).toEqual(expected)
    // And so with another script on the same thread meanwhile.
    const both = await Promise.all([valuesOf(engine, code), valuesOf(engine, code), engine.runLua('return 1', 'y')])
    expect(both).toEqual([expected, expected, '1'])
  })

  test('coroutines see nothing of it: isyieldable, running and status', async () => {
    const engine = engineExposing(BASIC)
    const code = `
      local function look() return tostring(coroutine.isyieldable()) .. tostring(select(2, coroutine.running())) end
      local before = look() host.slow(1) local after = look()
      local co = coroutine.create(function() local a = look() host.slow(1) return a .. look() end)
      return before == after, select(2, coroutine.resume(co))`
    expect(await valuesOf(engine, code)).toEqual([true, 'truefalsetruefalse'])
  })

  test('yield across a wait goes to its own resume', async () => {
    const engine = engineExposing(BASIC)
    const code = `
      local log = {}
      local function worker(name) return coroutine.create(function() for i = 1, 3 do log[#log + 1] = name .. host.slow(i) coroutine.yield() end end) end
      local a, b = worker("a"), worker("b")
      while coroutine.resume(a) and coroutine.resume(b) do end
      return table.concat(log, " ")`
    expect(await valuesOf(engine, code)).toEqual(['a1 b1 a2 b2 a3 b3'])
  })

  test('the values around a wait survive garbage collection', async () => {
    const engine = engineExposing(BASIC)
    const code = `
      local out = {}
      for i = 1, 20 do
        local kept = { ("k"):rep(i) }
        local function f(...) local v = host.slow(...) for _ = 1, 2000 do local _ = { {} } end return v, kept[1] end
        local v, k = f(("v"):rep(i))
        out[i] = #v + #k
      end
      return out`
    expect(await valuesOf(engine, code)).toEqual([Array.from({ length: 20 }, (_, i) => 2 * (i + 1))])
  })
})
