// Timers: what they run, with what, how often, and how many there may be.
'use strict'

const { LuaError } = require('..')
const { FOREVER, MIB } = require('./support/constants')
const { engineExposing, engineWith, engineWithModules, isIdle, until, valuesOf } = require('./support/engine')
const { expectBadArgument, thrownBy } = require('./support/rejection')
const { watched } = require('./support/stalls')

/** An engine whose scripts tell a list by `host.tell(...)`. */
function telling(options) {
  const told = []
  const engine = engineExposing({ tell: (_context, ...values) => void told.push(values) }, options)
  return { engine, told }
}

const refusalOf = async (engine, code) => {
  const { values } = await engine.run(`local ok, error = pcall(function() ${code} end) return ok, tostring(error)`, 'x')
  expect(values[0]).toBe(false)
  return values[1]
}

describe('timer.at', () => {
  test('runs a function later, once, in a VM of its own, with its arguments by value', async () => {
    const { engine, told } = telling()
    const code = `
      secret = 'a global of this run'
      local list = { 1, 2.5, 'text', { [true] = '\\255', deep = { json.null } } }
      local id = timer.at(0, function(premature, list, none, last)
        list[4].same = rawequal(list[4][true], '\\255')
        list[4][true] = nil
        host.tell(script.id, script.name, premature, secret == nil, list, none, last)
      end, list, nil, 7)
      list[1] = 'changed later'
      return math.type(id), id > 0, timer.pending_count(), timer.running_count()`
    const { values } = await engine.run(code, 'acme', { name: 'maker' })
    expect(values).toEqual(['integer', true, 1, 0])
    await until(() => told.length > 0)
    const list = [1, 2.5, 'text', { deep: [null], same: true }]
    expect(told).toEqual([['acme', 'maker', false, true, list, undefined, 7]])
    await until(() => engine.timers().length === 0)
    expect(engine.stats()).toMatchObject({ completed: 2, failed: 0, started: 2 })
    expect(engine.usage('acme')).toMatchObject({ completed: 2, hostCalls: 1 })
    expect(told).toHaveLength(1)
  })

  test('runs timers in the order of their times', async () => {
    const { engine, told } = telling({ concurrency: 1 })
    await engine.run(
      `local function nothing() end
       for _, time in ipairs { 0.06, 0.02, 0.04, 0 } do timer.at(time, function(_, time) host.tell(time) end, time) end`,
      'x',
    )
    await until(() => told.length === 4)
    expect(told).toEqual([[0], [0.02], [0.04], [0.06]])
  })

  test('may be cancelled by its own run, which ends it for good', async () => {
    const { engine, told } = telling()
    const code = `
      local id = timer.at(0.01, function(_, id) host.tell(timer.cancel(State.get('id')), timer.pending_count()) end)
      State.set('id', id)`
    await engine.run(code, 'x')
    await until(() => told.length > 0 && engine.timers().length === 0)
    expect(told).toEqual([[false, 0]])
  })

  test('takes functions of modules, of load, and with an _ENV that is the globals', async () => {
    const told = []
    const engine = engineWithModules({ m: 'return { go = function(_, text) host.tell(text) end }' })
    engine.expose('tell', (_context, text) => void told.push(text))
    const code = `
      timer.at(0, require('m').go, 'module')
      timer.at(0, load('local _, text = ... host.tell(text)'), 'load')
      local _ENV = _ENV
      timer.at(0, function(_, text) local function inner() host.tell(text) end inner() end, 'nested')
      timer.at(0, function() end)`
    await engine.run(code, 'x')
    await until(() => told.length === 3 && engine.timers().length === 0)
    expect(told.sort()).toEqual(['load', 'module', 'nested'])
    expect(engine.stats().failed).toBe(0)
  })

  test('has what the run had that made it: functions, modules, data and limits, but not its signal', async () => {
    const seen = []
    const engine = engineWith()
    const options = {
      host: { mine: (context, ...values) => void seen.push([context.data, context.signal.aborted, ...values]) },
      modules: { own: 'return "own module"' },
      data: { user: 7 },
      maxOutput: 10,
      signal: new AbortController().signal,
    }
    const controller = new AbortController()
    const code = `
      timer.every(0.001, function() host.mine(require('own')) end)
      timer.at(0, function() host.mine('before') print('more than ten bytes') end)`
    await engine.run(code, 'x', { ...options, signal: controller.signal })
    controller.abort()
    await until(() => seen.length >= 3 && engine.timers().length === 1)
    expect(seen).toContainEqual([{ user: 7 }, false, 'own module'])
    expect(seen).toContainEqual([{ user: 7 }, false, 'before'])
    expect(engine.stats().failed).toBe(1)
  })

  test('has that also when it is due before the engine’s thread has heard of it', async () => {
    const { engine, told } = telling()
    await engine.run('timer.at(0.05, function() end)', 'x')
    await new Promise(setImmediate)
    const host = { own: () => void told.push('own') }
    const run = engine.run('timer.at(0, function() host.own() end)', 'x', { host })
    // Meanwhile a worker makes the second timer. Then this thread looks for what is due, and finds both.
    for (const start = performance.now(); performance.now() - start < 150; );
    await run
    await until(() => engine.timers().length === 0)
    expect([told, engine.stats().failed]).toEqual([['own'], 0])
  })

  test('has the limits, functions and modules of the named script that made it', async () => {
    const { engine, told } = telling({ logLevel: 'error' })
    const failures = []
    engine.on('log', ({ message }) => failures.push(message))
    const options = { maxOutput: 10, host: { own: () => 'own' }, modules: { m: 'return "module"' }, data: 1 }
    const code = `timer.at(0, function() host.tell(host.own(), require('m')) print('more than ten bytes') end)`
    engine.addScript('limited', code, { ...options, callers: '*' })
    await engine.run('scripts.call("limited")', 'x')
    await engine.callScript('limited')
    await engine.callScript('limited', [], { data: 2 })
    await until(() => failures.length === 3)
    expect(told).toEqual(Array(3).fill(['own', 'module']))
    for (const message of failures) expect(message).toMatch(/wrote more than its maxOutput of 10 bytes/)
  })

  test('runs although the run that made it fails, or is stopped', async () => {
    const { engine, told } = telling()
    await expect(engine.run('timer.at(0, function() host.tell("failed") end) error("no")', 'x')).rejects.toBeInstanceOf(
      LuaError,
    )
    await expect(
      engine.run('timer.at(0, function() host.tell("stopped") end) while true do end', 'x', { timeout: 30 }),
    ).rejects.toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    await until(() => told.length === 2)
    expect(told.flat().sort()).toEqual(['failed', 'stopped'])
  })

  test('may be used in a context, whose VM it does not use', async () => {
    const { engine, told } = telling()
    const context = engine.createContext('x', { globals: { mine: 1 }, host: { own: () => 'of the context' } })
    await context.run('timer.at(0, function() host.tell(mine == nil, host.own()) end)')
    await context.close()
    await until(() => told.length > 0)
    expect(told).toEqual([[true, 'of the context']])
  })

  test('lets a timer make timers', async () => {
    const { engine, told } = telling()
    await engine.run(
      `timer.at(0, function() timer.at(0, function(_, ...) host.tell('inner', ...) end, 1, 2) end)`,
      'x',
      { host: {} },
    )
    await until(() => told.length > 0)
    expect(told).toEqual([['inner', 1, 2]])
  })
})

describe('what is refused', () => {
  const BAD = {
    'timer.at()': "bad argument #1 to 'at' (number expected, got no value)",
    'timer.at(nil, print)': "bad argument #1 to 'at' (number expected, got nil)",
    'timer.at("1", print)': "bad argument #1 to 'at' (number expected, got string)",
    'timer.at(-1, print)': "bad argument #1 to 'at' (a number of seconds from 0 to 2147483.647 expected, got -1)",
    'timer.at(0/0, print)': /a number of seconds from 0 to 2147483.647 expected, got NaN/,
    'timer.at(1/0, print)': /got inf/,
    'timer.at(1e300, print)': /a number of seconds from 0 to 2147483.647 expected, got 1/,
    'timer.every(0, print)':
      /bad argument #1 to 'every' \(a number of seconds from 0.001 to 2147483.647 expected, got 0/,
    'timer.every(0.0009, print)': /a number of seconds from 0.001/,
    'timer.at(0)':
      /bad argument #2 to 'at' \(a Lua function without upvalues, or the name of a script, expected, got no value/,
    'timer.at(0, nil)': /expected, got nil/,
    'timer.at(0, {})': /expected, got table/,
    'timer.at(0, coroutine.create(function() end))': /expected, got thread/,
    'timer.at(0, setmetatable({}, { __call = function() end }))': /expected, got table/,
    'timer.at(0, print)': /expected, got a C function/,
    'timer.at(0, coroutine.wrap(function() end))': /expected, got a C function/,
    'timer.at(0, "")': /expected, got an empty string/,
    'timer.at(0, "\\255")': /expected, got a string that is not UTF-8/,
    'timer.at(0, ("\\255"):rep(256))': /expected, got a string that is not UTF-8/,
    'timer.at(0, ("n"):rep(300))': /expected, got a string of 300 bytes/,
    'local x timer.at(0, function() return x end)': /expected, got one with the upvalue 'x'/,
    'local a, b, print = 1, 2, print timer.at(0, function() print(a, b) end)':
      /expected, got one with the upvalues 'print', 'a', 'b': give it what it needs as arguments\)/,
    'local a, b, c, d, e, f, g timer.at(0, function() return a, b, c, d, e, f, g end)':
      /'a', 'b', 'c', 'd', 'e' and 2 more/,
    'local _ENV = { timer = timer, x = 1 } timer.at(0, function() return x end)':
      /expected, got one whose _ENV is not the globals/,
    'timer.at(0, load("return x", "c", "t", {}))': /expected, got one whose _ENV is not the globals/,
    'local g, e = _ENV do local _ENV = {} e = function() return g, x end end timer.at(0, e)': /'g'/,
    'timer.at(0, function() end, 1, print)': 'the timer cannot be made: args[2] is a function',
    'timer.at(0, function() end, { a = { coroutine.create(print) } })': /args\[1\]\.a\[1\] is a thread/,
    'local t = {} t.t = t timer.at(0, function() end, t)': /args\[1\]/,
    'timer.cancel()': "bad argument #1 to 'cancel' (number expected, got no value)",
    'timer.cancel("1")': "bad argument #1 to 'cancel' (number expected, got string)",
  }

  test.each(Object.entries(BAD))('%s', async (code, message) => {
    const engine = engineWith()
    const refusal = await refusalOf(engine, code)
    if (typeof message === 'string') expect(refusal).toContain(message)
    else expect(refusal).toMatch(message)
    expect(engine.timers()).toEqual([])
  })

  test('a function or arguments of more than a mebibyte', async () => {
    const engine = engineWith()
    const long = `"${'x'.repeat(1000)}"`
    expect(await refusalOf(engine, `timer.at(0, function() end, (${long}):rep(1100))`)).toMatch(
      /the timer is too big: its function and its arguments take \d+ bytes, and may 1048576/,
    )
    const big = 'local code = {} for i = 1, 60000 do code[i] = ("x%d = \'a longer text, number %d\'"):format(i, i) end'
    expect(await refusalOf(engine, `${big} timer.at(0, load(table.concat(code, "\\n")))`)).toMatch(
      /the timer is too big: its function takes more than 1048576 bytes/,
    )
  })

  test('arguments of more values than maxNodes', async () => {
    const engine = engineWith({ defaults: { maxNodes: 100 } })
    const code =
      'local list = {} for i = 1, n do list[i] = i end local ok, e = pcall(timer.at, 60, function() end, list) return ok, tostring(e)'
    const made = async (n) => (await engine.run(`local n = ${n} ${code}`, 'x')).values
    expect((await made(90))[0]).toBe(true)
    expect((await made(110))[1]).toMatch(/its arguments have more values than its maxNodes of 100/)
    expect(engine.timers()).toHaveLength(1)
  })

  test('options that are wrong, and numbers that are no timer', async () => {
    const classOf = (value, type) => (typeof value === type ? RangeError : TypeError)
    for (const name of ['maxTimers', 'maxTimersPerId']) {
      const rule = `The "options.${name}" property must be a whole number of timers from 0 to 1000000. Received`
      for (const value of ['1', -1, 1.5, Number.NaN, 1e9]) {
        expectBadArgument(
          thrownBy(() => engineWith({ [name]: value })),
          classOf(value, 'number'),
          rule,
        )
      }
    }
    const engine = engineWith()
    for (const value of ['1', -1, 1.5, 0, undefined]) {
      const rule = 'The "id" argument must be the number of a timer. Received'
      expectBadArgument(
        thrownBy(() => engine.cancelTimer(value)),
        classOf(value, 'number'),
        rule,
      )
    }
    for (const value of [1, '', null]) {
      expectBadArgument(
        thrownBy(() => engine.cancelTimers(value)),
        classOf(value, 'string'),
        'The "scriptId" argument',
      )
    }
  })

  test('the library, where an engine leaves it out', async () => {
    const engine = engineWith({ libraries: ['string'] })
    expect(await engine.runLua('return timer == nil', 'x')).toBe('true')
  })
})

describe('the name of a script', () => {
  test('runs what has that name when the time has come, as the id that made the timer', async () => {
    const { engine, told } = telling()
    engine.addScript('job', 'host.tell("old", script.id, script.caller, ...)', { callers: ['x'], scriptId: 'other' })
    const { value } = await engine.run('return timer.every(0.2, "job", 1, "two")', 'x')
    engine.addScript('job', 'host.tell("new", script.id, script.caller, ...)', { callers: ['x'], replace: true })
    await until(() => told.length > 0)
    engine.cancelTimer(value)
    expect(told[0]).toEqual(['new', 'x', undefined, false, 1, 'two'])
  })

  test.each([
    ['that nobody has', (engine) => engine.removeScript('job'), 'ERR_SCRIPT_UNKNOWN'],
    ['of others', (engine) => engine.addScript('job', '', { callers: ['y'], replace: true }), 'ERR_SCRIPT_DENIED'],
    ['of the host', (engine) => engine.addScript('job', '', { replace: true }), 'ERR_SCRIPT_DENIED'],
  ])('%s by then is a failure, each time', async (_what, change, code) => {
    const engine = engineWith()
    const entries = []
    engine.on('log', (entry) => entries.push(entry))
    engine.addScript('job', '', { callers: ['x'] })
    const { value: id } = await engine.run('return timer.every(0.05, "job")', 'x')
    change(engine)
    await until(() => engine.timers()[0].failed >= 2)
    engine.cancelTimers()
    expect(entries[0]).toMatchObject({ level: 'error', scriptId: 'x', fields: { timer: id, code } })
    expect(engine.stats()).toMatchObject({ started: 1, completed: 1, rejected: entries.length })
  })
})

describe('what an id may use', () => {
  const held = () => {
    const waiting = []
    return { waiting, hold: () => new Promise((resolve) => waiting.push(resolve)) }
  }

  test('maxStarted and maxQueued hold for the runs of its timers', async () => {
    const { waiting, hold } = held()
    const engine = engineExposing({ hold }, { perId: (id) => (id === 'x' ? { maxStarted: 2, maxQueued: 3 } : {}) })
    const failures = []
    engine.on('log', ({ fields }) => failures.push(fields.code))
    await engine.run('for _ = 1, 10 do timer.at(0.01, function() host.hold() end) end', 'x')
    await until(() => failures.length === 5 && waiting.length === 2)
    expect(engine.usage('x')).toMatchObject({ started: 2, queued: 3, waiting: 2, rejected: 5 })
    expect(new Set(failures)).toEqual(new Set(['ERR_QUOTA']))
    // Others have theirs.
    expect(await engine.runLua('return 1', 'y')).toBe('1')
    await until(() => {
      for (const resolve of waiting.splice(0)) resolve()
      return engine.timers().length === 0
    })
    expect(engine.usage('x')).toMatchObject({ started: 0, queued: 0, completed: 6 })
  })

  test('so do memory and hostCallsPerSecond', async () => {
    let calls = 0
    const engine = engineExposing({ call: () => void calls++ }, { perId: { memory: MIB, hostCallsPerSecond: 5 } })
    const failures = []
    engine.on('log', ({ fields }) => failures.push(fields.code))
    await engine.run('timer.at(0, function() local t = {} while true do t[#t + 1] = {} end end)', 'x')
    await until(() => failures.length === 1)
    expect(failures).toEqual(['ERR_LUA_MEMORY'])
    await engine.run('for _ = 1, 20 do timer.at(0, function() host.call() end) end', 'y')
    await until(() => engine.usage('y').waiting === 15)
    expect(calls).toBe(5)
  })

  test('and cpuPerSecond: beyond it its timers get what nobody else wants', async () => {
    const engine = engineWith({ concurrency: 1, perId: (id) => (id === 'x' ? { cpuPerSecond: 1 } : {}) })
    await engine.run('for _ = 1, 20 do timer.at(0, function() while true do end end) end', 'x', { timeout: FOREVER })
    await until(() => engine.usage('x').started > 5)
    // While the other one works, it hardly does.
    const before = engine.usage('x').cpuTime
    await engine.run('for _ = 1, 3e7 do end', 'y')
    expect(engine.usage('x').cpuTime - before).toBeLessThan(engine.usage('y').cpuTime / 2)
    await engine.close({ timeout: 0 })
  })
})

describe('timer.every', () => {
  test('does not drift: its times are those of the first, plus n periods', async () => {
    const { engine, told } = telling()
    const before = performance.now()
    await engine.run('timer.every(0.02, function() for i = 1, 1e5 do end host.tell() end)', 'x')
    const after = performance.now()
    let timer
    await until(() => {
      timer = engine.timers()[0]
      // What is due, and waits for this thread, is not counted yet.
      return told.length >= 10 && timer.next.getTime() - Date.now() >= 2
    })
    const passed = timer.runs + timer.skipped + (timer.running ? 1 : 0)
    // The time of the next run is a whole number of periods after the call, however late the others were.
    const next = timer.next.getTime() - Date.now() + performance.now()
    const [least, most] = [before, after].map((start) => (next - start) / 20)
    expect(passed).toBeGreaterThanOrEqual(9)
    expect(Math.round((least + most) / 2)).toBe(passed + 1)
    expect(Math.abs((least + most) / 2 - (passed + 1))).toBeLessThan(0.5)
    expect(engine.cancelTimer(timer.id)).toBe(true)
  })

  test('does not overlap: what is due meanwhile is skipped, and counted', async () => {
    let release
    let calls = 0
    const engine = engineWith()
    engine.expose('hold', () => {
      calls += 1
      return new Promise((resolve) => {
        release = resolve
      })
    })
    const id = await engine.run('return timer.every(0.002, function() host.hold() end)', 'x')
    await until(() => calls === 1)
    const begun = performance.now()
    await until(() => performance.now() - begun > 30)
    expect(calls).toBe(1)
    expect(engine.timers()).toMatchObject([{ id: id.value, running: true, runs: 0, kind: 'every', seconds: 0.002 }])
    release()
    await until(() => calls === 2)
    const [timer] = engine.timers()
    expect(timer).toMatchObject({ runs: 1, failed: 0, running: true })
    expect(timer.skipped).toBeGreaterThanOrEqual(10)
    engine.cancelTimers()
    release()
  })

  test('goes on when it fails, and nothing grows', async () => {
    const engine = engineWith()
    await engine.run('timer.every(0.002, function() error("always") end)', 'x', { data: 1 })
    await until(() => engine.stats().failed >= 20)
    const timers = engine.timers()
    expect(timers).toHaveLength(1)
    expect(timers[0].failed).toBeGreaterThanOrEqual(19)
    engine.cancelTimers('x')
    await until(() => isIdle(engine))
  })
})

describe('timer.cancel', () => {
  test('takes a timer back before it runs, and only its own id may', async () => {
    const { engine, told } = telling()
    const start = performance.now()
    const { value: id } = await engine.run('return timer.at(0.5, function() host.tell() end)', 'x')
    expect(
      await valuesOf(
        engine,
        `return timer.cancel(${id + 1}), timer.cancel(-1), timer.cancel(0.5), timer.cancel(1e300)`,
      ),
    ).toEqual([false, false, false, false])
    expect((await engine.run(`return timer.cancel(${id}), timer.pending_count()`, 'other')).values).toEqual([false, 0])
    expect(await valuesOf(engine, `return timer.cancel(${id}), timer.cancel(${id}), timer.pending_count()`)).toEqual([
      true,
      false,
      0,
    ])
    await until(() => performance.now() - start > 550)
    expect(told).toEqual([])
    expect(engine.timers()).toEqual([])
  })

  test('lets a run that has begun end, and no other begin', async () => {
    const { engine, told } = telling()
    const code = `
      local id = timer.every(0.001, function()
        local id = State.get('id')
        host.tell(timer.running_count(), timer.pending_count(), timer.cancel(id), timer.cancel(id), timer.pending_count())
      end)
      State.set('id', id)`
    await engine.run(code, 'x')
    await until(() => told.length > 0 && engine.timers().length === 0)
    expect(told).toEqual([[1, 1, true, false, 0]])
  })

  test('finds nothing after the run', async () => {
    const { engine, told } = telling()
    const { value: id } = await engine.run('return timer.at(0, function() host.tell() end)', 'x')
    await until(() => told.length > 0 && engine.timers().length === 0)
    expect(await valuesOf(engine, `return timer.cancel(${id})`)).toEqual([false])
  })

  test('is also the host’s: one timer, those of an id, and all', async () => {
    const engine = engineWith()
    const ids = []
    for (const id of ['a', 'a', 'b', 'b', 'c']) {
      ids.push((await engine.run('return timer.at(60, function() end)', id)).value)
    }
    expect(engine.timers().map(({ id, scriptId }) => [id, scriptId])).toEqual(ids.map((id, i) => [id, 'aabbc'[i]]))
    expect([engine.cancelTimer(ids[0]), engine.cancelTimer(ids[0])]).toEqual([true, false])
    expect([engine.cancelTimers('b'), engine.cancelTimers('nobody')]).toEqual([2, 0])
    expect(engine.timers().map(({ id }) => id)).toEqual([ids[1], ids[4]])
    expect(engine.cancelTimers()).toBe(2)
    expect(engine.timers()).toEqual([])
  })
})

describe('how many', () => {
  const MAKE =
    'local id, message for i = 1, n do id, message = timer.at(60, function() end) end return id == nil, message, timer.pending_count()'
  const make = async (engine, n, id = 'x') => (await engine.run(MAKE, id, { globals: { n } })).values

  test('64 of one id, and 1024 of all', async () => {
    const engine = engineWith()
    expect(await make(engine, 64)).toEqual([false, undefined, 64])
    expect(await make(engine, 1)).toEqual([true, 'too many pending timers', 64])
    for (let i = 0; i < 15; i++) expect(await make(engine, 64, `other-${i}`)).toEqual([false, undefined, 64])
    expect(engine.timers()).toHaveLength(1024)
    expect(await make(engine, 1, 'one more')).toEqual([true, 'too many pending timers', 0])
    engine.cancelTimers('x')
    expect(await make(engine, 1, 'one more')).toEqual([false, undefined, 1])
  })

  test('as many as the options say', async () => {
    const engine = engineWith({ maxTimers: 5, maxTimersPerId: 3 })
    expect(await make(engine, 4)).toEqual([true, 'too many pending timers', 3])
    expect(await make(engine, 3, 'y')).toEqual([true, 'too many pending timers', 2])
    expect(await make(engineWith({ maxTimers: 0 }), 1)).toEqual([true, 'too many pending timers', 0])
  })

  test('8 MiB of one id', async () => {
    const engine = engineWith()
    const code = `
      local made, message = 0
      for i = 1, 64 do
        local id
        id, message = timer.at(60, function() end, ('x'):rep(1000000))
        if id then made = made + 1 end
      end
      return made, message, timer.at(60, function() end) ~= nil`
    expect(await valuesOf(engine, code)).toEqual([8, 'too many bytes in pending timers', true])
    expect(engine.timers().reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(8 * 1024 * 1024)
  })

  test('a timer that makes two each time ends at the bound', async () => {
    const { engine, told } = telling({ maxTimersPerId: 8 })
    const bomb = `
      local source = [[
        local _, source = ...
        for _ = 1, 2 do
          local id, message = timer.at(0.001, load(source), source)
          if not id then host.tell(message) end
        end
      ]]
      timer.at(0, load(source), source)`
    await engine.run(bomb, 'x')
    let most = 0
    await until(() => {
      most = Math.max(most, engine.timers().filter(({ next }) => next).length)
      return told.length > 20
    })
    expect(most).toBeLessThanOrEqual(8)
    expect(new Set(told.flat())).toEqual(new Set(['too many pending timers']))
    engine.cancelTimers('x')
  })

  test('ten thousand, where the host allows them', async () => {
    let ran = 0
    const engine = engineExposing({ ran: () => void ran++ }, { maxTimers: 10_000, maxTimersPerId: 1000 })
    const code = 'for i = 1, 1000 do assert(timer.at(i / 10000, function() host.ran() end)) end'
    await Promise.all(Array.from({ length: 10 }, (_, i) => engine.run(code, `tenant-${i}`)))
    await until(() => ran === 10_000 && engine.timers().length === 0)
    expect(engine.stats()).toMatchObject({ completed: 10_010, failed: 0, rejected: 0 })
  })

  test('runs of one id begin no faster than the engine’s thread can do with', async () => {
    let ran = 0
    const engine = engineExposing({ ran: () => void ran++ }, { maxTimersPerId: 2 })
    await engine.run('for _ = 1, 2 do timer.every(0.001, function() host.ran() end) end', 'x')
    const begun = performance.now()
    await until(() => ran >= 10)
    // Two at once, then 32 a second.
    expect(performance.now() - begun).toBeGreaterThan((10 - 3) * (1000 / 32) - 20)
    expect(performance.now() - begun).toBeLessThan(FOREVER)
    engine.cancelTimers()
  })
})

test('a flood of timers that are made and cancelled holds neither memory nor the event loop', async () => {
  const engine = engineWith()
  const flood = `local text = ("x"):rep(2000)
    for i = 1, 20000 do timer.cancel(timer.at(60, function() end, text)) end
    return timer.pending_count()`
  await engine.run(flood, 'x')
  const before = process.memoryUsage.rss()
  const { value, longest } = await watched(() => engine.run(flood, 'x', { timeout: FOREVER }))
  expect(value.value).toBe(0)
  expect(longest).toBeLessThan(50)
  expect(process.memoryUsage.rss() - before).toBeLessThan(32 * MIB)
  expect(engine.timers()).toEqual([])
})
