// Contexts: VMs that live on between runs. Their order, what ends them and what does not, and what is left behind.
'use strict'

const { getEventListeners } = require('node:events')
const path = require('node:path')
const { Worker } = require('node:worker_threads')
const { Context, Engine, LuaError } = require('..')
const { runProgram } = require('./support/child')
const { engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

const MOONPOOL = path.resolve(__dirname, '..')
const ENDLESS = 'while true do end'
/** Lua cannot be left inside of a callback. */
const HOLDING = '("x"):gsub("x", function() while true do end end)'
/** In ms: longer than any test takes. */
const FOREVER = 600_000

const contextWith = (options) => engineWith().createContext('x', options)

const valueIn = async (run) => (await run).value
const valuesIn = async (run) => (await run).values

/** A host function `host.wait(name)`: which names wait, and how to let one go on. */
function withWait(engine) {
  const waiting = new Map()
  engine.expose('wait', (_context, name) => new Promise((resolve) => waiting.set(name, resolve)))
  return {
    arrived: (name) => until(() => waiting.has(name)),
    hasArrived: (name) => waiting.has(name),
    release(name) {
      waiting.get(name)(name)
      waiting.delete(name)
    },
  }
}

/** Holds the only thread of an engine. Returns what stops that, and resolves when the thread is free again. */
async function held(engine) {
  const holder = new AbortController()
  const run = rejection(engine.runLua(HOLDING, 'holder', { timeout: FOREVER, signal: holder.signal }))
  await until(() => engine.stats().running === 1)
  return async () => {
    holder.abort()
    await run
    await until(() => engine.stats().running === 0)
  }
}

describe('what stays between runs', () => {
  test('globals, functions and upvalues', async () => {
    const context = contextWith()
    await context.run('n = 1 local hidden = 10 function add(by) hidden = hidden + by n = n + by return hidden end')
    expect(await valuesIn(context.run('return n, add(5)'))).toEqual([1, 15])
    expect(await valueIn(context.call('add', 1))).toBe(16)
    expect(await context.get('n')).toBe(7)
  })

  test('locals do not', async () => {
    const context = contextWith()
    await context.run('local gone = 1')
    expect(await valueIn(context.run('return gone'))).toBeUndefined()
  })

  test('changes of libraries, modules that were required, and the metatable of strings', async () => {
    const engine = engineWith()
    engine.addModule('counter', 'local m = { n = 0 } function m.up() m.n = m.n + 1 return m.n end return m')
    const context = engine.createContext('x')
    await context.run('function string.shout(s) return s:upper() .. "!" end require("counter").up()')
    expect(await valuesIn(context.run('return ("a"):shout(), require("counter").up()'))).toEqual(['A!', 2])
  })

  test('a coroutine that is suspended, and what it waits for when it is resumed in a later run', async () => {
    const engine = engineWith()
    engine.expose('echo', async (_context, value) => value)
    const context = engine.createContext('x')
    await context.run(`next_one = coroutine.wrap(function()
      for i = 1, 3 do coroutine.yield(host.echo(i)) sleep(0.001) end
    end)`)
    for (const i of [1, 2, 3]) expect(await valueIn(context.run('return next_one()'))).toBe(i)
  })

  test('nothing of it is seen by other runs of the same id', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    await context.run('n = 1 string.rep = nil')
    expect(await engine.runLua('return n, type(string.rep)', 'x')).toBe('nil\tfunction')
    expect(await engine.createContext('x').get('n')).toBeUndefined()
  })

  test('every run has a main coroutine of its own', async () => {
    const context = contextWith()
    for (let i = 0; i < 3; i++) {
      expect(await valueIn(context.run('return select(2, coroutine.running())'))).toBe(true)
      expect(await valueIn(context.run('return coroutine.isyieldable()'))).toBe(false)
      expect(await rejection(context.run('coroutine.yield(1)'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    }
  })
})

describe('run', () => {
  test('gives value, values, output and stats', async () => {
    const result = await contextWith().run('print("out") return 1, "two", { 3 }')
    expect(result).toMatchObject({ value: 1, values: [1, 'two', [3]], output: 'out\n' })
    expect(Object.keys(result.stats).sort()).toEqual(['cpuTime', 'peakMemory', 'queueTime', 'runTime', 'slices'])
    expect(result.stats.slices).toBe(1)
  })

  test('takes args, globals, strings and tables', async () => {
    const context = contextWith()
    const options = { args: [1, 'a'], globals: { g: true }, strings: 'buffer', tables: 'map' }
    const [first, second, g, table] = await valuesIn(context.run('local a, b = ... return a, b, g, { k = 1 }', options))
    expect([first, g]).toEqual([1, true])
    expect(Buffer.from(second).toString()).toBe('a')
    expect(table).toEqual(new Map([['k', 1]]))
  })

  test('the globals of one run stay for the next, its args do not', async () => {
    const context = contextWith()
    await context.run('', { globals: { g: 1 }, args: [2] })
    expect(await valuesIn(context.run('return g, ...'))).toEqual([1])
  })

  test('takes source as bytes', async () => {
    expect(await valueIn(contextWith().run(Buffer.from('return 7')))).toBe(7)
  })

  test('runs a Script as often as one likes, in several contexts, under its own name', async () => {
    const engine = engineWith()
    const script = engine.compile('n = (n or 0) + 1 return n, script.name', { name: 'compiled' })
    const contexts = ['a', 'b'].map((id) => engine.createContext(id, { name: 'of the context' }))
    for (const n of [1, 2]) {
      for (const context of contexts) expect(await valueIn(context.run(script))).toBe(n)
    }
    const error = await rejection(contexts[0].run(engine.compile('error("no")', { name: 'compiled' })))
    expect(error).toMatchObject({ message: 'compiled:1: no', chunk: 'compiled' })
  })

  test('a Script of another engine will do', async () => {
    expect(await valueIn(contextWith().run(new Engine({ warmVms: 0 }).compile('return 3')))).toBe(3)
  })

  test('chunks are named by the context: its name, or else its scriptId', async () => {
    const engine = engineWith()
    const named = engine.createContext('id', { name: 'given' })
    expect(await rejection(named.run('error("no")'))).toMatchObject({ message: 'given:1: no', scriptId: 'id' })
    expect(await rejection(engine.createContext('id').run('error("no")'))).toMatchObject({ message: 'id:1: no' })
  })
})

describe('call', () => {
  test('passes values in and out', async () => {
    const context = contextWith()
    await context.run('function all(...) return select("#", ...), ... end')
    const values = [1, 'a', true, null, 1.5, [1, 2], { k: [] }]
    expect(await valuesIn(context.call('all', ...values))).toEqual([values.length, ...values])
    expect(await valuesIn(context.call('all', undefined, undefined))).toEqual([2, undefined, undefined])
    expect(await valuesIn(context.call('all'))).toEqual([0])
  })

  test('gives output and stats', async () => {
    const context = contextWith()
    await context.run('function say(what) print(what) end')
    expect(await context.call('say', 'hi')).toMatchObject({ value: undefined, values: [], output: 'hi\n' })
  })

  test('a function of a library that is a global, and a table that can be called', async () => {
    const context = contextWith()
    await context.run('t = setmetatable({ by = 10 }, { __call = function(self, n) return self.by * n end })')
    expect(await valueIn(context.call('tostring', 12))).toBe('12')
    expect(await valueIn(context.call('t', 4))).toBe(40)
  })

  test('a name that is no function', async () => {
    const context = contextWith()
    await context.run('n = 5')
    expect(await rejection(context.call('n'))).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      message: /call a number value/,
    })
    const error = await rejection(context.call('nothing'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', scriptId: 'x' })
    expect(error.message).toContain("'nothing'")
    expect(await context.get('n')).toBe(5)
  })

  test('a name is never a path or an expression', async () => {
    const context = contextWith()
    expect(await rejection(context.call('string.upper', 'a'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    expect(await context.get('1 + 1')).toBeUndefined()
    await context.set('a.b', 7)
    expect(await valueIn(context.run('return _G["a.b"]'))).toBe(7)
  })

  test('an error inside of it has its place, its traceback and its value', async () => {
    const context = contextWith()
    await context.run('function fail()\n  error({ status = 404 })\nend')
    const error = await rejection(context.call('fail'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', luaValue: { status: 404 }, line: 2 })
    expect(error.luaStack).toContain('x:2')
  })

  test('waits for host functions and time, as a run does', async () => {
    const engine = engineWith()
    engine.expose('double', async (_context, n) => 2 * n)
    const context = engine.createContext('x')
    await context.run('function slow(n) sleep(0.001) return host.double(n) end')
    expect(await valueIn(context.call('slow', 21))).toBe(42)
  })

  test('a function of the host that is a global of Lua can be called', async () => {
    const engine = engineWith()
    engine.expose('double', async (_context, n) => 2 * n)
    const context = engine.createContext('x')
    await context.run('double = host.double')
    expect(await valueIn(context.call('double', 4))).toBe(8)
  })
})

describe('get and set', () => {
  test('values go in and come out', async () => {
    const context = contextWith()
    for (const value of [1, 'text', true, false, null, 2.5, [1, [2]], { a: { b: 1 } }, 2n ** 60n]) {
      await context.set('v', value)
      expect(await context.get('v')).toEqual(value)
    }
    await context.set('bytes', new Uint8Array([104, 105]))
    expect(await context.get('bytes')).toBe('hi')
    expect(await context.get('never_set')).toBeUndefined()
  })

  test('set resolves with nothing, and scripts see the value', async () => {
    const context = contextWith()
    expect(await context.set('items', ['a', 'b'])).toBeUndefined()
    expect(await valueIn(context.run('items[#items + 1] = "c" return #items'))).toBe(3)
    expect(await context.get('items')).toEqual(['a', 'b', 'c'])
  })

  test('a value that cannot come out is refused with its path, and stays', async () => {
    const context = contextWith()
    await context.run('t = { f = print }')
    const error = await rejection(context.get('t'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT' })
    expect(error.message).toContain('value.f')
    expect(await valueIn(context.run('return type(t.f)'))).toBe('function')
  })

  test('metatables of the globals see nothing of it', async () => {
    const context = contextWith()
    await context.run(`seen = 0
      setmetatable(_G, {
        __index = function(_, name) seen = seen + 1 return "virtual" end,
        __newindex = function() error("locked") end,
        __metatable = "locked",
      })`)
    expect(await context.get('absent')).toBeUndefined()
    await context.set('fresh', 1)
    expect(await context.get('fresh')).toBe(1)
    expect(await rejection(context.call('absent'))).toMatchObject({ message: /no global function 'absent'/ })
    expect(await context.get('seen')).toBe(0)
    expect(await valuesIn(context.run('return fresh, absent, g', { globals: { g: 2 } }))).toEqual([1, 'virtual', 2])
  })

  test('names like those of Object.prototype are names like any other', async () => {
    const context = contextWith()
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(await context.get(name)).toBeUndefined()
      await context.set(name, name)
      expect(await context.get(name)).toBe(name)
    }
  })

  test('a script that overwrites its own globals breaks none of it', async () => {
    const context = contextWith()
    await context.run(`function double(n) return 2 * n end
      print, error, type, tostring, pcall, rawget, rawset, setmetatable, string, table, json, State, _ENV_ = nil
      _G = nil`)
    await context.set('n', 4)
    expect(await context.get('n')).toBe(4)
    expect(await valueIn(context.call('double', 21))).toBe(42)
    expect(await valueIn(context.run('return n, print, _G'))).toBe(4)
    expect(await rejection(context.run('error("x")'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
  })

  test('a script that replaces _G, or works in another _ENV, does not move the globals', async () => {
    const context = contextWith()
    await context.run('n = 1 _G = { n = 2 } local _ENV = { n = 3 } n = 4')
    expect(await context.get('n')).toBe(1)
    expect(await context.get('_G')).toEqual({ n: 2 })
  })

  test.each(['nil', '5', '{}', '{ echo = 1, db = 2 }'])('a script that makes host %s', async (value) => {
    const engine = engineWith()
    engine.expose('echo', (_context, given) => given)
    engine.expose('db', { get: () => 1 })
    const context = engine.createContext('x')
    await context.run(`host = ${value} n = 1`)
    expect(await valueIn(context.run('return n'))).toBe(1)
    await context.set('n', 2)
    expect(await valueIn(context.call('tostring', 3))).toBe('3')
    expect(await context.get('n')).toBe(2)
  })

  test('a script that removes every global', async () => {
    const context = contextWith()
    await context.run('local g = _G for name in pairs(g) do g[name] = nil end')
    await context.set('n', 1)
    expect(await context.get('n')).toBe(1)
    expect(await valueIn(context.run('n = n + 1 return n'))).toBe(2)
  })
})

describe('the option globals', () => {
  test('is there in the first run, and stays', async () => {
    const context = contextWith({ globals: { a: 1, b: { c: [2] } } })
    expect(await valuesIn(context.run('a = a + 1 return a, b.c[1]'))).toEqual([2, 2])
    expect(await valueIn(context.run('return a'))).toBe(2)
  })

  test('is there when the first run is set(), whose value counts', async () => {
    const context = contextWith({ globals: { a: 1, b: 1 } })
    await context.set('b', 2)
    expect([await context.get('a'), await context.get('b')]).toEqual([1, 2])
  })

  test('gives way to the globals of the first run', async () => {
    const context = contextWith({ globals: { a: 1, b: 1 } })
    expect(await valuesIn(context.run('return a, b', { globals: { b: 2 } }))).toEqual([1, 2])
  })

  test('can replace what the libraries have', async () => {
    const context = contextWith({ globals: { print: 'not a function' } })
    expect(await valueIn(context.run('return print'))).toBe('not a function')
  })

  test('is copied when the context is made', async () => {
    const globals = { list: [1] }
    const context = contextWith({ globals })
    globals.list.push(2)
    globals.more = 1
    expect(await valuesIn(context.run('return #list, more'))).toEqual([1, undefined])
  })

  test('is there although the first run was aborted before its turn', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await rejection(context.run('a = 2', { signal: AbortSignal.abort('early') }))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
})

describe('the order of runs', () => {
  test('is that of the calls, whatever kind they are and however long they take', async () => {
    const engine = engineWith()
    engine.expose('later', (_context, value) => new Promise((resolve) => setTimeout(resolve, 20, value)))
    const context = engine.createContext('x')
    const calls = [
      context.run('log = "" function note(what) log = log .. what return log end sleep(0.03) note("a")'),
      context.set('mark', 'm'),
      context.run('note(host.later("b")) note(mark)'),
      context.get('log'),
      context.call('note', 'c'),
      context.set('mark', 'n'),
      context.run('for i = 1, 3e6 do end note(mark) error("no")').catch((error) => error.code),
      context.call('note', 'd'),
      context.get('log'),
    ]
    const results = await Promise.all(calls)
    expect(results[3]).toBe('abm')
    expect(results[4].value).toBe('abmc')
    expect(results[6]).toBe('ERR_LUA_RUNTIME')
    expect(results[7].value).toBe('abmcnd')
    expect(results[8]).toBe('abmcnd')
  })

  test('holds for 300 calls at once, with and without a signal', async () => {
    const context = contextWith()
    await context.run('seen = {}')
    const { signal } = new AbortController()
    const runs = Array.from({ length: 300 }, (_, i) =>
      context.run(i % 3 ? 'seen[#seen + 1] = ...' : 'sleep(0) seen[#seen + 1] = ...', {
        args: [i],
        signal: i % 2 ? signal : undefined,
      }),
    )
    await Promise.all(runs)
    expect(await context.get('seen')).toEqual(runs.map((_, i) => i))
  })

  test('promises settle in that order, too', async () => {
    const context = contextWith()
    const settled = []
    const calls = [context.run('sleep(0.02)'), context.run('error("no")'), context.set('a', 1), context.get('a')]
    await Promise.all(calls.map((call, i) => call.catch(() => {}).then(() => settled.push(i))))
    expect(settled).toEqual([0, 1, 2, 3])
  })

  test('no run begins before the one before it has ended', async () => {
    const engine = engineWith({ concurrency: 2 })
    const { arrived, hasArrived, release } = withWait(engine)
    const context = engine.createContext('x')
    const first = context.run('host.wait("first")')
    const second = context.run('host.wait("second")')
    await arrived('first')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(hasArrived('second')).toBe(false)
    expect(engine.stats()).toMatchObject({ started: 1, suspended: 1, queued: 0 })
    release('first')
    await arrived('second')
    release('second')
    await Promise.all([first, second])
  })

  test('memory() waits for the runs before it', async () => {
    const context = contextWith()
    await context.run('')
    const before = await context.memory()
    context.run('sleep(0.02) t = ("x"):rep(300000)')
    expect(await context.memory()).toBeGreaterThan(before + 290_000)
  })

  test('a run that waits for another run of its own context is stopped by its timeout', async () => {
    const engine = engineWith()
    const context = engine.createContext('x', { timeout: 200 })
    let inner
    engine.expose('again', () => {
      inner = rejection(context.run('return 1'))
      return inner
    })
    expect(await rejection(context.run('return host.again()'))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    expect(await inner).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('a host function may use another context', async () => {
    const engine = engineWith({ concurrency: 1 })
    const other = engine.createContext('other')
    engine.expose('ask', async (_context, code) => (await other.run(code)).value)
    await other.run('n = 20')
    expect(await valueIn(engine.createContext('x').run('return host.ask("n = n + 1 return n") * 2'))).toBe(42)
  })
})

describe('several contexts', () => {
  test('run side by side: each waits for the other', async () => {
    const engine = engineWith({ concurrency: 1 })
    const waiting = []
    engine.expose('meet', () => {
      return new Promise((resolve) => {
        waiting.push(resolve)
        if (waiting.length === 3) for (const go of waiting) go('met')
      })
    })
    const runs = ['a', 'b', 'a'].map((id) => engine.createContext(id).run('return host.meet()'))
    expect(await Promise.all(runs.map(valueIn))).toEqual(['met', 'met', 'met'])
  })

  test('hold as many threads at once as the engine has', async () => {
    const engine = engineWith({ concurrency: 2 })
    const controller = new AbortController()
    const options = { signal: controller.signal, timeout: FOREVER }
    const runs = ['a', 'b'].map((id) => rejection(engine.createContext(id).run(HOLDING, options)))
    await until(() => engine.stats().running === 2 && engine.stats().queued === 0)
    controller.abort('enough')
    expect(await Promise.all(runs)).toEqual(['enough', 'enough'])
  })

  test('share no globals, also with one id', async () => {
    const engine = engineWith()
    const contexts = ['a', 'b', 'a'].map((id) => engine.createContext(id))
    await Promise.all(contexts.map((context, i) => context.run(`n = ${i} function string.n() return ${i} end`)))
    const values = await Promise.all(contexts.map((context) => valuesIn(context.run('return n, string.n()'))))
    expect(values).toEqual([0, 1, 2].map((i) => [i, i]))
  })

  test('live on when another one ends', async () => {
    const engine = engineWith()
    const [doomed, other] = [engine.createContext('x'), engine.createContext('x')]
    await other.set('n', 1)
    await rejection(doomed.run(ENDLESS, { timeout: 20 }))
    expect(await other.get('n')).toBe(1)
  })

  test('100 of them, each with a run that waits, on one thread', async () => {
    const engine = engineWith({ concurrency: 1 })
    const resolves = []
    engine.expose('wait', () => new Promise((resolve) => resolves.push(resolve)))
    const contexts = Array.from({ length: 100 }, (_, i) => engine.createContext(`tenant-${i}`))
    const runs = contexts.map((context, i) => context.run('host.wait() return ...', { args: [i] }))
    await until(() => resolves.length === 100)
    for (const resolve of resolves) resolve()
    expect(await Promise.all(runs.map(valueIn))).toEqual(contexts.map((_, i) => i))
  })
})

describe('who runs', () => {
  test('the scriptId, which decides about State', async () => {
    const engine = engineWith()
    const [first, second, other] = ['a', 'a', 'b'].map((id) => engine.createContext(id))
    await first.run('State.set("k", script.id)')
    expect(await valueIn(second.run('return State.get("k")'))).toBe('a')
    expect(await valueIn(other.run('return State.has("k")'))).toBe(false)
    expect(await engine.runLua('return State.get("k"), script.id', 'a')).toBe('a\ta')
    expect([first.scriptId, other.scriptId]).toEqual(['a', 'b'])
  })

  test('host functions are told', async () => {
    const engine = engineWith()
    const seen = []
    engine.expose('who', ({ scriptId, signal }) => {
      seen.push(signal.aborted)
      return scriptId
    })
    const context = engine.createContext('me')
    expect(await valueIn(context.run('return host.who()'))).toBe('me')
    await context.run('who = host.who')
    expect(await valueIn(context.call('who'))).toBe('me')
    expect(seen).toEqual([false, false])
  })

  test('functions that are exposed later are there in the next run', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    expect(await valueIn(context.run('return host.later'))).toBeUndefined()
    engine.expose('later', () => 'now')
    expect(await valueIn(context.run('return host.later()'))).toBe('now')
  })

  test('scriptId cannot be written', () => {
    const context = contextWith()
    expect(() => {
      context.scriptId = 'other'
    }).toThrow(TypeError)
    expect(context.scriptId).toBe('x')
  })
})

describe('limits', () => {
  test('timeout counts from the beginning of each run, not from the call', async () => {
    const context = contextWith({ timeout: 1500 })
    const slow = context.run('sleep(2.5)', { timeout: FOREVER })
    const waits = context.run('return "done"')
    await slow
    expect(await valueIn(waits)).toBe('done')
    for (let i = 0; i < 4; i++) await context.run('sleep(0.5)')
  })

  test('cpuTimeout counts for each run alone', async () => {
    const context = contextWith({ cpuTimeout: 2000 })
    for (let i = 0; i < 5; i++) {
      await context.run('local t = os.clock() while os.clock() - t < 0.5 do end', { timeout: FOREVER })
    }
    expect(await valueIn(context.run('return 1'))).toBe(1)
  })

  test('maxOutput counts for each run alone', async () => {
    const context = contextWith({ maxOutput: 1000 })
    for (let i = 0; i < 5; i++) {
      expect((await context.run('io.write(("x"):rep(900))')).output).toHaveLength(900)
    }
    expect(await rejection(context.run('io.write(("x"):rep(1001))'))).toMatchObject({ code: 'ERR_LUA_OUTPUT' })
  })

  test('memoryLimit holds for the VM: what earlier runs left counts', async () => {
    const context = contextWith({ memoryLimit: 2 ** 20 })
    await context.run('t = {} function add() t[#t + 1] = ("x"):rep(100000) .. #t return #t end')
    let error
    let added = 0
    while (!error && added < 100) {
      await context.call('add').then(
        (result) => {
          added = result.value
        },
        (reason) => {
          error = reason
        },
      )
    }
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(added).toBeGreaterThanOrEqual(3)
    expect(added).toBeLessThan(11)
  })

  test('maxSource', async () => {
    const context = contextWith({ maxSource: 10 })
    expect(await rejection(context.run('return 12345'))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(await valueIn(context.run('return 1'))).toBe(1)
    expect(await valueIn(context.run('return 12345', { maxSource: 20 }))).toBe(12345)
  })

  test('a run has its own, or else those of its context, or else those of the engine', async () => {
    const engine = engineWith({ defaults: { maxOutput: 10, timeout: FOREVER } })
    const write = (context, options) => context.run('io.write("12345")', options).then(valueIn, ({ code }) => code)
    expect(await write(engine.createContext('x'))).toBeUndefined()
    expect(await write(engine.createContext('x', { maxOutput: 3 }))).toBe('ERR_LUA_OUTPUT')
    expect(await write(engine.createContext('x', { maxOutput: 3 }), { maxOutput: 5 })).toBeUndefined()
    expect(await write(engine.createContext('x'), { maxOutput: 4 })).toBe('ERR_LUA_OUTPUT')
  })

  test('those of one run are not those of the next', async () => {
    const context = contextWith()
    await context.run('io.write("1")', { maxOutput: 1, timeout: 5000, cpuTimeout: 5000 })
    expect((await context.run('io.write("12")')).output).toBe('12')
  })
})

describe('output', () => {
  test('of one run is not in the next', async () => {
    const context = contextWith()
    expect((await context.run('print("first")')).output).toBe('first\n')
    expect((await context.run('print("second")')).output).toBe('second\n')
    expect((await context.run('')).output).toBe('')
  })

  test('of a run that failed is in its error, and in no later one', async () => {
    const context = contextWith()
    expect(await rejection(context.run('print("before") error("no")'))).toMatchObject({ output: 'before\n' })
    expect(await rejection(context.run('print("again") return print'))).toMatchObject({ output: 'again\n' })
    expect(await context.get('x')).toBeUndefined()
    expect((await context.run('print("after")')).output).toBe('after\n')
  })

  test('of a run that is stopped is its own alone', async () => {
    const context = contextWith()
    await context.run('print("first")')
    const error = await rejection(context.run(`print("last") ${ENDLESS}`, { timeout: 50 }))
    expect(error.output).toBe('last\n')
  })
})

/** Runs that fail by themselves, and with what. */
const FAILURES = {
  'an error': ['error("no")', 'ERR_LUA_RUNTIME'],
  'an error that is nil': ['error()', 'ERR_LUA_RUNTIME'],
  'an error that is a table': ['error({ status = 404 })', 'ERR_LUA_RUNTIME'],
  'an error that cannot be shown': [
    'error(setmetatable({}, { __tostring = function() error("in turn") end }))',
    'ERR_LUA_RUNTIME',
  ],
  'an error in a coroutine': ['coroutine.wrap(function() error("no") end)()', 'ERR_LUA_RUNTIME'],
  'an error in a coroutine of a coroutine': [
    'coroutine.wrap(function() coroutine.wrap(function() sleep(0) error("no") end)() end)()',
    'ERR_LUA_RUNTIME',
  ],
  'an error beside a coroutine that stays suspended': [
    'kept = coroutine.create(function() coroutine.yield() end) coroutine.resume(kept) error("no")',
    'ERR_LUA_RUNTIME',
  ],
  'an error beside a <close> variable': [
    'local v <close> = setmetatable({}, { __close = function() closed = true end }) error("no")',
    'ERR_LUA_RUNTIME',
  ],
  'an error in a <close> variable': [
    'local v <close> = setmetatable({}, { __close = function() error("while closing") end }) return 1',
    'ERR_LUA_RUNTIME',
  ],
  'an error in a <close> variable after an error': [
    'local v <close> = setmetatable({}, { __close = function() error("while closing") end }) error("no")',
    'ERR_LUA_RUNTIME',
  ],
  'an error after waiting': ['sleep(0.001) host.echo(1) error("no")', 'ERR_LUA_RUNTIME'],
  'an error in a callback': ['table.sort({ 3, 2, 1 }, function() error("no") end)', 'ERR_LUA_RUNTIME'],
  'a wait in a callback': ['table.sort({ 3, 2, 1 }, function() sleep(1) end)', 'ERR_LUA_RUNTIME'],
  'an overflow of the C stack': ['local function deep(s) return (s:gsub(".", deep)) end deep("x")', 'ERR_LUA_RUNTIME'],
  'a syntax error': ['return return', 'ERR_LUA_SYNTAX'],
  'precompiled Lua': ['\x1bLua', 'ERR_LUA_SYNTAX'],
  'a result that cannot cross': ['return print', 'ERR_LUA_RESULT'],
  'a result that contains itself': ['local t = {} t.t = t return t', 'ERR_LUA_RESULT'],
  'a result with a function deep inside of much': [
    'local t = {} for i = 1, 500 do t[i] = ("x"):rep(100) end t[501] = { f = print } return t',
    'ERR_LUA_RESULT',
  ],
  'a host function that fails': ['host.fail()', 'ERR_HOST_FUNCTION'],
  'a call whose arguments cannot cross': ['host.echo(print)', 'ERR_HOST_FUNCTION'],
  'a value that State refuses': ['State.set("k", print)', 'ERR_STATE_VALUE'],
}

describe('a run that fails', () => {
  function failing() {
    const engine = engineWith()
    engine.expose('echo', async (_context, value) => value)
    engine.expose('fail', async () => {
      throw new Error('the host failed')
    })
    return engine.createContext('x')
  }

  test.each(Object.entries(FAILURES))('%s: the context lives on', async (_what, [code, wanted]) => {
    const context = failing()
    await context.run('n = 1 function next_n() n = n + 1 return n end')
    const waits = [rejection(context.run(code)), context.call('next_n')]
    expect(await waits[0]).toMatchObject({ name: 'LuaError', code: wanted, scriptId: 'x' })
    expect((await waits[1]).value).toBe(2)
    expect(await valueIn(context.run('return next_n()'))).toBe(3)
    expect(await context.get('n')).toBe(3)
    expect(await valueIn(context.run('sleep(0.001) return host.echo("still")'))).toBe('still')
  })

  test.each(Object.entries(FAILURES))('%s: also as the first one', async (_what, [code, wanted]) => {
    const context = failing()
    expect(await rejection(context.run(code))).toMatchObject({ code: wanted })
    expect(await valueIn(context.run('n = 1 return n'))).toBe(1)
  })

  test('what it did before it failed stays', async () => {
    const context = failing()
    await rejection(context.run('n = 1 error("no")'))
    await rejection(context.run(FAILURES['an error beside a <close> variable'][0]))
    await rejection(context.run(FAILURES['an error beside a coroutine that stays suspended'][0]))
    const state = 'return n, closed, coroutine.status(kept), coroutine.resume(kept)'
    expect(await valuesIn(context.run(state))).toEqual([1, true, 'suspended', true])
  })

  test('leaves no memory counted, however often', async () => {
    const context = failing()
    const all = Object.values(FAILURES)
    const round = async () => {
      for (const [code] of all) await rejection(context.run(`print(("x"):rep(1000)) ${code}`))
    }
    const least = []
    for (let i = 0; i < 60; i++) {
      await round()
      least.push(await context.memory())
    }
    // Garbage comes and goes. What stays would grow from the early rounds to the late ones.
    const [early, late] = [least.slice(10, 30), least.slice(-20)].map((some) => Math.min(...some))
    expect(late).toBeLessThan(early + 100_000)
  })
})

/** Ways to stop a run for good: each gets an engine, a context of it, and a controller whose signal stops the run. */
const KILLS = {
  timeout: {
    run: (context) => context.run(ENDLESS, { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, in a call': {
    run: (context) => context.call('spin'),
    options: { timeout: 100 },
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, where Lua cannot be left': {
    run: (context) => context.run(HOLDING, { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, while it sleeps': {
    run: (context) => context.run('sleep(1000)', { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, while it waits for a host function': {
    run: (context) => context.run('host.wait("forever")', { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, in a <close> variable of a failed run': {
    run: (context) =>
      context.run(`local v <close> = setmetatable({}, { __close = function() ${ENDLESS} end }) error("no")`, {
        timeout: 30,
      }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  cpuTimeout: {
    run: (context) => context.run(ENDLESS, { cpuTimeout: 30, timeout: FOREVER }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' },
  },
  memoryLimit: {
    run: (context) => context.run('local t = {} while true do t[#t + 1] = ("x"):rep(1e5) .. #t end'),
    error: { code: 'ERR_LUA_MEMORY' },
  },
  'memoryLimit, by what is handed over': {
    run: (context) => context.set('big', 'x'.repeat(2 ** 23)),
    error: { code: 'ERR_LUA_MEMORY' },
  },
  maxOutput: {
    run: (context) => context.run('print(("x"):rep(100))', { maxOutput: 10 }),
    error: { code: 'ERR_LUA_OUTPUT' },
  },
  'a signal while it executes': {
    run: (context, { signal }) => context.run(ENDLESS, { signal, timeout: FOREVER }),
    stop: async (engine, controller) => {
      await until(() => engine.stats().started === 2)
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'a signal while it executes where Lua cannot be left': {
    run: (context, { signal }) => context.run(`host.wait("go") ;${HOLDING}`, { signal, timeout: FOREVER }),
    stop: async (engine, controller, { arrived, release }) => {
      await arrived('go')
      release('go')
      await until(() => engine.stats().running === 1)
      await new Promise((resolve) => setTimeout(resolve, 30))
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'a signal while it sleeps': {
    run: (context, { signal }) => context.run('sleep(1000)', { signal, timeout: FOREVER }),
    stop: async (engine, controller) => {
      await until(() => engine.stats().suspended === 1)
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'a signal while it waits for a host function': {
    run: (context, { signal }) => context.run('host.wait("forever")', { signal, timeout: FOREVER }),
    stop: async (_engine, controller, { arrived }) => {
      await arrived('forever')
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'engine.close while it executes': {
    run: (context) => context.run(ENDLESS, { timeout: FOREVER }),
    stop: async (engine) => {
      await until(() => engine.stats().started === 2)
      await engine.close({ timeout: 0 })
    },
    error: { code: 'ERR_ENGINE_CLOSED' },
  },
  'engine.close while it waits for a host function': {
    run: (context) => context.run('host.wait("forever")', { timeout: FOREVER }),
    stop: async (engine, _controller, { arrived }) => {
      await arrived('forever')
      await engine.close({ timeout: 0 })
    },
    error: { code: 'ERR_ENGINE_CLOSED' },
  },
}

/** Four calls of a context that has ended. */
const anyCall = (context) => [context.run('n = 2'), context.call('spin'), context.get('n'), context.set('n', 2)]

describe.each(Object.keys(KILLS))('a run that is stopped by %s', (name) => {
  const { run, stop, error, options } = KILLS[name]

  async function killed() {
    const engine = engineWith({ concurrency: 1 })
    const wait = withWait(engine)
    const context = engine.createContext('x', { memoryLimit: 2 ** 22, ...options })
    await context.run(`n = 1 function spin() ${ENDLESS} end`)
    const controller = new AbortController()
    const ended = rejection(run(context, controller))
    const behind = anyCall(context).map(rejection)
    await stop?.(engine, controller, wait)
    return { engine, context, ended: await ended, behind: await Promise.all(behind) }
  }

  test('ends its context: that is said to all calls, those that wait and those that come', async () => {
    const { context, ended, behind } = await killed()
    if (typeof error === 'string') expect(ended).toBe(error)
    else expect(ended).toMatchObject({ name: 'LuaError', ...error })
    const after = await Promise.all(anyCall(context).map(rejection))
    // A closed engine has the first word.
    const isClosed = error.code === 'ERR_ENGINE_CLOSED'
    for (const refusal of isClosed ? behind : [...behind, ...after]) {
      expect(refusal).toBeInstanceOf(LuaError)
      expect(refusal).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', scriptId: 'x', output: '' })
      expect(refusal.message).toMatch(/the context has ended, because a run in it was stopped; nothing was run/)
    }
    for (const { code } of after) expect(['ERR_CONTEXT_CLOSED', isClosed && 'ERR_ENGINE_CLOSED']).toContain(code)
  })

  test('gives its memory back, and can be closed', async () => {
    const { context } = await killed()
    expect(await context.memory()).toBe(0)
    await context.close()
    await context.close()
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })
})

test('after a stopped run the engine runs others, and makes other contexts', async () => {
  const engine = engineWith({ concurrency: 1 })
  for (let i = 0; i < 20; i++) {
    const context = engine.createContext('x')
    await rejection(context.run(ENDLESS, { timeout: 5 }))
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  }
  expect(await valueIn(engine.createContext('x').run('return 1'))).toBe(1)
  expect(await engine.runLua('return 1', 'x')).toBe('1')
  expect(engine.stats()).toMatchObject({ running: 0, suspended: 0, queued: 0, timedOut: 20 })
})

test('a host function is told when the run that waits for it is stopped', async () => {
  const engine = engineWith()
  let seen
  engine.expose('wait', ({ signal }) => {
    seen = signal
    return new Promise(() => {})
  })
  const context = engine.createContext('x')
  await rejection(context.run('host.wait()', { timeout: 20 }))
  expect(seen.aborted).toBe(true)
})

describe.each(['new', 'used'])('a run of which nothing was run, in a %s context', (kind) => {
  async function contextOn(engine) {
    const context = engine.createContext('x')
    if (kind === 'used') await context.run('n = 1')
    return context
  }

  /** It has lost nothing, and nothing was run. */
  async function expectUsable(context) {
    expect(await valuesIn(context.run('return n, ran'))).toEqual([kind === 'used' ? 1 : undefined, undefined])
    await context.set('later', 1)
    expect(await context.get('later')).toBe(1)
  }

  test('a signal that is aborted already', async () => {
    const context = await contextOn(engineWith())
    const reason = { any: 'value' }
    expect(await rejection(context.run('ran = true', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    await expectUsable(context)
  })

  test('a signal that is aborted in the turn of the call', async () => {
    const context = await contextOn(engineWith())
    const controller = new AbortController()
    const run = rejection(context.run('ran = true', { signal: controller.signal }))
    controller.abort('at once')
    expect(await run).toBe('at once')
    await expectUsable(context)
  })

  test('a signal that is aborted while it waits for its turn: it rejects at once, the others go on', async () => {
    const engine = engineWith()
    const { arrived, release } = withWait(engine)
    const context = await contextOn(engine)
    const controller = new AbortController()
    const first = context.run('host.wait("first") return "first"')
    const second = rejection(context.run('ran = true', { signal: controller.signal }))
    const third = context.run('return ran, "third"')
    await arrived('first')
    controller.abort('no patience')
    expect(await second).toBe('no patience')
    release('first')
    expect(await valueIn(first)).toBe('first')
    expect(await valuesIn(third)).toEqual([undefined, 'third'])
    await expectUsable(context)
  })

  test('a signal that is aborted while it waits in the queue of the engine', async () => {
    const engine = engineWith({ concurrency: 1 })
    const context = await contextOn(engine)
    const free = await held(engine)
    const controller = new AbortController()
    const run = rejection(context.run('ran = true', { signal: controller.signal }))
    await until(() => engine.stats().queued === 1)
    controller.abort('no patience')
    expect(await run).toBe('no patience')
    await free()
    await expectUsable(context)
  })

  test('queueTimeout', async () => {
    const engine = engineWith({ concurrency: 1 })
    const context = await contextOn(engine)
    const free = await held(engine)
    const error = await rejection(context.run('ran = true', { queueTimeout: 10 }))
    expect(error).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' })
    await free()
    await expectUsable(context)
  })

  test('ERR_QUEUE_FULL', async () => {
    const engine = engineWith({ concurrency: 1, maxQueue: 0 })
    const context = await contextOn(engine)
    const free = await held(engine)
    expect(await rejection(context.run('ran = true'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    await free()
    await expectUsable(context)
  })

  test('bad arguments', async () => {
    const context = await contextOn(engineWith())
    await rejection(context.run('ran = true', { timeout: -1 }))
    await rejection(context.run('x'.repeat(2 ** 20 + 1)))
    await rejection(context.get(''))
    await expectUsable(context)
  })
})

test('a signal that is aborted after the run changes nothing, and no listener is left', async () => {
  const context = contextWith()
  const controller = new AbortController()
  const { signal } = controller
  const runs = [context.run('n = 1', { signal }), context.run('error("no")', { signal }), context.run('', { signal })]
  await Promise.allSettled(runs)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  controller.abort()
  expect(await context.get('n')).toBe(1)
})

test('one signal for many runs of a context: one listener, no warning, and all of them stop', async () => {
  const warnings = []
  const listener = (warning) => warnings.push(warning.name)
  process.on('warning', listener)
  const context = contextWith()
  const controller = new AbortController()
  const { signal } = controller
  const runs = Array.from({ length: 50 }, () => rejection(context.run(ENDLESS, { signal, timeout: FOREVER })))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  controller.abort('all')
  expect(new Set(await Promise.all(runs))).toEqual(new Set(['all']))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await new Promise(setImmediate)
  process.off('warning', listener)
  expect(warnings).toEqual([])
  expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
})

describe('a run that waits', () => {
  test('holds no thread: on one thread, other runs and other contexts go on', async () => {
    const engine = engineWith({ concurrency: 1 })
    const { arrived, release } = withWait(engine)
    const context = engine.createContext('x')
    const waits = context.run('n = host.wait("a") sleep(0.001) return n')
    await arrived('a')
    expect(engine.stats()).toMatchObject({ suspended: 1, running: 0 })
    expect(await engine.runLua('return 1', 'y')).toBe('1')
    expect(await valueIn(engine.createContext('x').run('return 2'))).toBe(2)
    release('a')
    expect(await valueIn(waits)).toBe('a')
  })

  test('an idle context holds no thread either', async () => {
    const engine = engineWith({ concurrency: 1 })
    const contexts = Array.from({ length: 20 }, (_, i) => engine.createContext(`tenant-${i}`))
    await Promise.all(contexts.map((context) => context.run('n = 1')))
    expect(engine.stats()).toMatchObject({ running: 0, suspended: 0, queued: 0 })
    expect(await engine.runLua('return 1', 'y')).toBe('1')
  })
})

describe('stats', () => {
  test('count what a context runs, as they count other runs', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    await context.run('n = 1')
    await context.get('n')
    await context.set('n', 2)
    await context.call('tostring', 1)
    await rejection(context.run('error("no")'))
    await rejection(context.run('return return'))
    await rejection(context.run(ENDLESS, { timeout: 20 }))
    const stats = engine.stats()
    expect(stats).toMatchObject({ started: 7, completed: 4, failed: 2, timedOut: 1, aborted: 0, rejected: 0 })
    expect(stats).toMatchObject({ queued: 0, running: 0, suspended: 0 })
    expect([stats.queueTime.count, stats.runTime.count, stats.cpuTime.count]).toEqual([7, 7, 7])
  })

  test('one VM for all runs of a context', async () => {
    const engine = engineWith({ warmVms: 0 })
    await engine.runLua('', 'x')
    const context = engine.createContext('x')
    engine.resetStats()
    for (let i = 0; i < 10; i++) await context.run(`return ${i}`)
    expect(engine.stats()).toMatchObject({ vmsCreated: 1, started: 10 })
  })

  test('runs of a context use the code cache', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    for (let i = 0; i < 5; i++) await context.run('n = (n or 0) + 1')
    expect(await context.get('n')).toBe(5)
    expect(engine.stats()).toMatchObject({ cacheMisses: 1, cacheHits: 4 })
  })
})

describe('memory', () => {
  test('is 0 before the first run, grows with what is kept, and is 0 after close', async () => {
    const context = contextWith()
    expect(await context.memory()).toBe(0)
    await context.run('t = {}')
    const before = await context.memory()
    expect(before).toBeGreaterThan(10_000)
    await context.set('text', 'x'.repeat(500_000))
    expect(await context.memory()).toBeGreaterThan(before + 490_000)
    await context.close()
    expect(await context.memory()).toBe(0)
  })

  test('does not grow over 5000 runs', async () => {
    const context = contextWith()
    await context.run('function f(t) last = t return #t end')
    const least = []
    for (let i = 0; i < 5000; i++) {
      if (i % 4 === 0) await context.run('x = { 1, 2, 3 } print("some output") return x')
      else if (i % 4 === 1) await context.call('f', [i, 'text', { i }])
      else if (i % 4 === 2) await context.set('given', { i })
      else await context.get('given')
      least.push(await context.memory())
    }
    // Garbage comes and goes.
    const [early, late] = [least.slice(500, 2500), least.slice(-2000)].map((some) => Math.min(...some))
    expect(late).toBeLessThan(early + 10_000)
    expect(Math.max(...least)).toBeLessThan(500_000)
  })

  test('does not grow with functions of the host, over 2000 runs', async () => {
    const engine = engineWith()
    engine.expose('db', { get: async () => 1, deeper: { put: async () => 2 } })
    const context = engine.createContext('x')
    const least = []
    for (let i = 0; i < 2000; i++) {
      await context.run('return host.db.get() + host.db.deeper.put()')
      least.push(await context.memory())
    }
    const [early, late] = [least.slice(200, 1100), least.slice(-900)].map((some) => Math.min(...some))
    expect(late).toBeLessThan(early + 10_000)
  })
})

describe('close', () => {
  test('waits for the runs that were asked for', async () => {
    const engine = engineWith()
    const { arrived, release } = withWait(engine)
    const context = engine.createContext('x')
    const settled = []
    const runs = [
      context.run('host.wait("a") n = 1'),
      context.run('sleep(0.01) n = n + 1'),
      context.get('n'),
      context.run('error("no")').catch((error) => error.code),
    ]
    runs.forEach((run, i) => {
      run.then(() => settled.push(i))
    })
    const closed = context.close().then(() => settled.push('closed'))
    await arrived('a')
    expect(settled).toEqual([])
    release('a')
    await closed
    await Promise.all(runs)
    expect([...settled].sort()).toEqual([0, 1, 2, 3, 'closed'])
    expect(await runs[2]).toBe(2)
    expect(await runs[3]).toBe('ERR_LUA_RUNTIME')
  })

  test('every call afterwards rejects, and says why', async () => {
    const context = contextWith()
    await context.run('n = 1')
    const closed = context.close()
    for (const error of await Promise.all(anyCall(context).map(rejection))) {
      expect(error).toBeInstanceOf(LuaError)
      expect(error).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', scriptId: 'x', output: '' })
      expect(error.message).toMatch(/the context is closed; nothing was run/)
    }
    await closed
    expect(await rejection(context.run('return 1'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
    expect(await context.memory()).toBe(0)
    expect(context.scriptId).toBe('x')
  })

  test('bad arguments come first, also afterwards', async () => {
    const context = contextWith()
    await context.close()
    expect(await rejection(context.run(1))).toBeInstanceOf(TypeError)
    expect(await rejection(context.get(''))).toBeInstanceOf(RangeError)
  })

  test('may be called again and again, also before any run', async () => {
    const context = contextWith()
    expect(await Promise.all([context.close(), context.close()])).toEqual([undefined, undefined])
    expect(await context.close()).toBeUndefined()
  })

  test('other contexts of the engine live on', async () => {
    const engine = engineWith()
    const [first, second] = [engine.createContext('x'), engine.createContext('x')]
    await second.set('n', 1)
    await first.close()
    expect(await second.get('n')).toBe(1)
  })

  const hasDispose = typeof Symbol.asyncDispose === 'symbol'
  ;(hasDispose ? test : test.skip)('Symbol.asyncDispose closes, too', async () => {
    const context = contextWith()
    const run = context.run('sleep(0.01) return 1')
    await context[Symbol.asyncDispose]()
    expect(await valueIn(run)).toBe(1)
    expect(await rejection(context.run(''))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
    expect(Object.getOwnPropertyDescriptor(Context.prototype, Symbol.asyncDispose).enumerable).toBe(false)
  })
})

describe('a closed engine', () => {
  test('makes no contexts', async () => {
    const engine = new Engine()
    await engine.close()
    let error
    try {
      engine.createContext('x')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED', scriptId: 'x' })
  })

  test('runs nothing in the contexts that it made, which can be closed', async () => {
    const engine = new Engine()
    const context = engine.createContext('x')
    await context.run('n = 1')
    await engine.close()
    for (const error of await Promise.all(anyCall(context).map(rejection))) {
      expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    }
    await context.close()
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('lets a run of a context finish that it has accepted', async () => {
    const engine = new Engine()
    const context = engine.createContext('x')
    const run = context.run('sleep(0.05) return "finished"')
    await until(() => engine.stats().suspended === 1)
    await engine.close({ timeout: FOREVER })
    expect(await valueIn(run)).toBe('finished')
  })

  test('lets a run finish that still waits for its turn', async () => {
    const engine = new Engine()
    const context = engine.createContext('x')
    const runs = [context.run('sleep(0.05) n = 1'), context.run('n = n + 1'), context.get('n')]
    await until(() => engine.stats().suspended === 1)
    await engine.close({ timeout: FOREVER })
    await Promise.all(runs)
    expect(await runs[2]).toBe(2)
  })

  test('idle contexts do not hold it up', async () => {
    const engine = new Engine()
    for (let i = 0; i < 10; i++) await engine.createContext('x').run('n = 1')
    await engine.close({ timeout: FOREVER })
    expect(engine.stats()).toMatchObject({ completed: 10, running: 0 })
  })
})

describe('bad arguments', () => {
  const MADE = [
    ['no scriptId', [], TypeError, /"scriptId" argument.*undefined/],
    ['a scriptId that is no string', [1], TypeError, /"scriptId"/],
    ['an empty scriptId', [''], RangeError, /"scriptId"/],
    ['a scriptId with a control character', ['a\n'], RangeError, /"scriptId"/],
    ['options that are null', ['x', null], TypeError, /"options" argument/],
    ['options that are no object', ['x', 5], TypeError, /"options" argument/],
    ['an unknown option', ['x', { memorylimit: 2 ** 20 }], TypeError, /did you mean 'memoryLimit'/],
    ['a signal, which is for a run', ['x', { signal: new AbortController().signal }], TypeError, /'signal'/],
    ['args, which are for a run', ['x', { args: [] }], TypeError, /'args'/],
    ['a timeout of 0', ['x', { timeout: 0 }], RangeError, /"options.timeout"/],
    ['a memoryLimit that is too small', ['x', { memoryLimit: 1000 }], RangeError, /"options.memoryLimit"/],
    ['an empty name', ['x', { name: '' }], RangeError, /"options.name"/],
    ['globals that are an array', ['x', { globals: [] }], TypeError, /"options.globals"/],
    ['globals that are a Map', ['x', { globals: new Map() }], TypeError, /"options.globals"/],
    ['globals that cannot cross', ['x', { globals: { a: { f() {} } } }], TypeError, /options\.globals\.a\.f/],
  ]

  test.each(MADE)('createContext: %s', (_what, args, ErrorClass, message) => {
    const engine = engineWith()
    let error
    try {
      engine.createContext(...args)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error.message).toMatch(message)
    expect(error.code).toBe(ErrorClass === TypeError ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE')
  })

  const CALLED = [
    ['run: no code', (context) => context.run(), TypeError, /"code" argument/],
    ['run: code that is no text', (context) => context.run(1), TypeError, /"code" argument/],
    ['run: a lone surrogate', (context) => context.run('\ud800'), RangeError, /lone surrogate/],
    ['run: options that are null', (context) => context.run('', null), TypeError, /"options" argument/],
    ['run: an unknown option', (context) => context.run('', { timeOut: 1 }), TypeError, /did you mean 'timeout'/],
    ['run: a memoryLimit', (context) => context.run('', { memoryLimit: 2 ** 21 }), TypeError, /'memoryLimit'/],
    ['run: a name', (context) => context.run('', { name: 'other' }), TypeError, /'name'/],
    ['run: a timeout of -1', (context) => context.run('', { timeout: -1 }), RangeError, /"options.timeout"/],
    ['run: a signal that is none', (context) => context.run('', { signal: {} }), TypeError, /"options.signal"/],
    ['run: args that are no array', (context) => context.run('', { args: 5 }), TypeError, /"options.args"/],
    ['run: source that is too long', (context) => context.run(' '.repeat(2 ** 20 + 1)), RangeError, /maxSource/],
    ['call: no name', (context) => context.call(), TypeError, /"name" argument/],
    ['call: an empty name', (context) => context.call(''), RangeError, /"name" argument/],
    ['call: too many arguments', (context) => context.call('f', ...Array(1001).fill(1)), RangeError, /at most 1000/],
    ['get: a symbol', (context) => context.get(Symbol('n')), TypeError, /"name" argument/],
    ['get: a lone surrogate', (context) => context.get('\ud800'), RangeError, /"name" argument/],
    ['set: a number', (context) => context.set(1, 1), TypeError, /"name" argument/],
    ['set: an empty name', (context) => context.set('', 1), RangeError, /"name" argument/],
  ]

  test.each(CALLED)('%s', async (_what, call, ErrorClass, message) => {
    const context = contextWith()
    const error = await rejection(call(context))
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error.message).toMatch(message)
    expect(error.code).toBe(ErrorClass === TypeError ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE')
    expect(await valueIn(context.run('return 1'))).toBe(1)
  })

  test('a run never throws, it rejects', async () => {
    const context = contextWith()
    const calls = [() => context.run(1), () => context.call(), () => context.get(), () => context.set()]
    for (const call of calls) await rejection(call())
  })

  test('members need a Context for their this', async () => {
    for (const name of ['run', 'call', 'get', 'set', 'memory', 'close']) {
      expect(await rejection(Context.prototype[name].call({}, 'x'))).toBeInstanceOf(TypeError)
    }
  })
})

test('a Context is an instance of Context, which cannot be constructed', () => {
  const context = contextWith()
  expect(context).toBeInstanceOf(Context)
  expect(Object.keys(context)).toEqual([])
  for (const args of [
    [],
    [{}],
    [{ execute() {}, scriptId: 'x', options: {} }, Symbol('made by engine.createContext')],
  ]) {
    expect(() => new Context(...args)).toThrow(/A Context cannot be constructed/)
  }
  expect(() => new context.constructor({ execute() {}, scriptId: 'x', options: {} })).toThrow(/cannot be constructed/)
})

test('contexts that nobody refers to any more give their memory back, closed or not', async () => {
  const { stdout, stderr } = await runProgram(`
    const { setTimeout: sleep } = require('node:timers/promises')
    require('node:v8').setFlagsFromString('--expose-gc')
    const collectGarbage = require('node:vm').runInNewContext('gc')
    const { Engine } = require('moonpool')
    const engine = new Engine()
    const MB = 1e6
    async function use() {
      const context = engine.createContext('x')
      await context.run('t = {} for i = 1, 10 do t[i] = ("x"):rep(1e5) .. i end')
      return context
    }
    async function free() {
      for (let i = 0; i < 3; i++) {
        await sleep(5)
        collectGarbage()
      }
    }
    async function main() {
      const held = []
      await use()
      await free()
      const before = process.memoryUsage.rss()
      for (let i = 0; i < 60; i++) held.push(await use())
      const full = process.memoryUsage.rss()
      held.length = 0
      await free()
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i < 60; i++) await use()
        await free()
      }
      console.log(JSON.stringify({ held: (full - before) / MB, dropped: (process.memoryUsage.rss() - before) / MB }))
    }
    main()`)
  expect(stderr).toBe('')
  const { held: keeping, dropped } = JSON.parse(stdout)
  // 60 of them held that much, and 600 dropped ones would hold ten times as much.
  expect(keeping).toBeGreaterThan(50)
  expect(dropped).toBeLessThan(100)
})

test('an idle context keeps no process alive', async () => {
  const begun = performance.now()
  const { exitCode, stdout } = await runProgram(`
    const { Engine } = require('moonpool')
    const engine = new Engine()
    globalThis.context = engine.createContext('x')
    context.run('return 1').then(({ value }) => console.log(value))`)
  expect([exitCode, stdout]).toEqual([0, '1\n'])
  expect(performance.now() - begun).toBeLessThan(20_000)
})

test.each([
  ['idle contexts', ''],
  ['contexts whose runs wait', `for (const context of contexts) context.run('host.never()').catch(() => {})`],
  ['contexts whose runs execute', `for (const context of contexts) context.run('while true do end').catch(() => {})`],
])('worker.terminate() with %s', async (_what, then) => {
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(
      `const { Engine } = require(${JSON.stringify(MOONPOOL)})
      const { parentPort } = require('node:worker_threads')
      const engine = new Engine({ defaults: { timeout: ${FOREVER} } })
      engine.expose('never', () => new Promise(() => {}))
      globalThis.contexts = Array.from({ length: 20 }, (_, i) => engine.createContext('tenant-' + i))
      Promise.all(contexts.map((context) => context.run('t = ("x"):rep(1e5)'))).then(() => {
        ${then}
        setTimeout(() => parentPort.postMessage('ready'), 5)
      })
      setInterval(() => {}, 1000)`,
      { eval: true },
    )
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    expect(await worker.terminate()).toBe(1)
  }
})

describe('a run whose values cannot cross does not block those after it', () => {
  test.each([
    ['call', (context) => context.call('tostring', () => {})],
    ['set', (context) => context.set('v', Symbol('s'))],
    ['run with args', (context) => context.run('', { args: [new Date()] })],
    ['run with globals', (context) => context.run('', { globals: { f() {} } })],
  ])('%s', async (_what, call) => {
    const engine = engineWith()
    const context = engine.createContext('x')
    expect(await rejection(call(context))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await valueIn(context.run('return 1'))).toBe(1)
    await context.close()
    await engine.close()
  })
})

test('set(name, undefined) sets nil', async () => {
  const context = contextWith()
  await context.set('v', 1)
  await context.set('v', undefined)
  expect(await context.get('v')).toBeUndefined()
})

describe('the option globals is there although the first run never had it', () => {
  test('get() comes first', async () => {
    const context = contextWith({ globals: { a: 1 } })
    expect(await context.get('a')).toBe(1)
  })
  test('get() came first', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await context.get('b')
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
  test('a syntax error came first', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await rejection(context.run('return return'))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
  test('a call of a function came first that is not there', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await rejection(context.call('nothing'))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
  test.each([
    ['queueTimeout', { concurrency: 1 }, { queueTimeout: 5 }],
    ['ERR_QUEUE_FULL', { concurrency: 1, maxQueue: 0 }, {}],
    ['a signal in the queue', { concurrency: 1 }, { signal: AbortSignal.timeout(50) }],
  ])('%s', async (_what, engineOptions, options) => {
    const engine = engineWith(engineOptions)
    const holding = rejection(engine.runLua('("x"):gsub("x", function() while true do end end)', 'y', { timeout: 300 }))
    const context = engine.createContext('x', { globals: { a: 1 } })
    await rejection(context.run('', options))
    await holding
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
})

test.each([
  ['args', (context, data) => context.run('local t = ... return t[1]', { args: [data] })],
  ['globals', (context, data) => context.run('return t[1]', { globals: { t: data } })],
  ['arguments of a call', (context, data) => context.call('first', data)],
  ['set', (context, data) => context.set('t', data).then(() => context.run('return t[1]'))],
])('4. %s are copied when the call is made, not at its turn', async (_what, call) => {
  const context = contextWith()
  await context.run('function first(t) return t[1] end')
  context.run('sleep(0.02)')
  const data = ['before']
  const result = call(context, data)
  data[0] = 'after'
  expect(await valueIn(result)).toBe('before')
})

test('source in bytes is copied when the call is made, not at its turn', async () => {
  const context = contextWith()
  context.run('sleep(0.02)')
  const source = Buffer.from('return 1')
  const result = context.run(source)
  source.write('return 2')
  expect(await valueIn(result)).toBe(1)
})

test('a signal that is aborted when the run has ended, but has not settled, does not harm the context', async () => {
  const context = contextWith()
  await context.run('n = 1')
  const controller = new AbortController()
  const run = rejection(context.run('n = 2', { signal: controller.signal }))
  await new Promise(setImmediate)
  const start = performance.now()
  while (performance.now() - start < 100) {}
  controller.abort('late')
  expect(await run).toBe('late')
  expect(await context.get('n')).toBe(2)
})

test('the main coroutine of a run that has ended is dead', async () => {
  const context = contextWith()
  await context.run('old = coroutine.running() return 1, 2')
  const { values } = await context.run('return coroutine.status(old), coroutine.resume(old)')
  expect(values).toEqual(['dead', false, 'cannot resume dead coroutine'])
})
