// Parts that meet: named scripts in parallel, timers that run named scripts and log, libraries under now and seed.
'use strict'

const { once } = require('node:events')
const { Engine } = require('..')

let engine

afterEach(() => engine.close())

test('scripts that functions of parallel call run at once, and their results come in order', async () => {
  engine = new Engine()
  const begun = []
  let go
  const all = new Promise((resolve) => {
    go = resolve
  })
  engine.expose('arrive', async ({ scriptId }) => {
    begun.push(scriptId)
    if (begun.length === 3) go()
    await all
  })
  for (const name of ['a', 'b', 'c']) {
    engine.addScript(name, `host.arrive() return script.id .. (...)`, { callers: '*' })
  }
  const code = `
    local function call(name) return function() return scripts.call(name, 1) end end
    return parallel(call('a'), call('b'), call('c'))`
  const { values } = await engine.run(code, 'caller')
  expect(values).toEqual(['a1', 'b1', 'c1'])
})

test('a script that nobody waits for any more, because another function of parallel failed, is stopped', async () => {
  engine = new Engine()
  let aborted
  engine.expose('wait', ({ signal }) => {
    aborted = once(signal, 'abort')
    return new Promise(() => {})
  })
  engine.addScript('slow', 'host.wait()', { callers: '*' })
  const code = `return pcall(parallel, function() scripts.call('slow') end, function() sleep(0.01) error('no', 0) end)`
  const { values } = await engine.run(code, 'caller')
  expect(values).toEqual([false, 'no'])
  await aborted
  while (engine.stats().inFlight > 0) await new Promise(setImmediate)
  expect(engine.stats()).toMatchObject({ aborted: 1, completed: 1 })
})

test('a script that was stopped because nobody waits for it any more does not keep the context of its caller', async () => {
  engine = new Engine()
  const context = engine.createContext('caller')
  const later = new Promise((resolve) => {
    engine.expose('work', async ({ signal }) => {
      await once(signal, 'abort')
      resolve(context.run('return 1'))
    })
  })
  engine.addScript('slow', 'host.work()', { callers: '*' })
  await context.run(`pcall(parallel, function() scripts.call('slow') end, function() sleep(0.01) error('no', 0) end)`)
  expect(await later).toMatchObject({ value: 1 })
})

test('scripts in parallel that fail are told apart, with their codes', async () => {
  engine = new Engine()
  engine.addScript('bad', 'error("it broke", 0)', { callers: '*' })
  const code = `
    local function call(name) return function() return select(2, pcall(scripts.call, name)).code end end
    return parallel(call('bad'), call('none'), function() return 'well' end)`
  const { values } = await engine.run(code, 'caller')
  expect(values).toEqual(['ERR_LUA_RUNTIME', 'ERR_SCRIPT_UNKNOWN', 'well'])
})

test('a timer runs a named script under its own id', async () => {
  engine = new Engine()
  const ran = new Promise((resolve) => engine.expose('ran', ({ scriptId }, ...args) => resolve([scriptId, ...args])))
  engine.addScript('job', 'host.ran(...)', { scriptId: 'owner', callers: ['tenant'] })
  await engine.run("timer.at(0, 'job', 7, { a = 1 })", 'tenant')
  expect(await ran).toEqual(['tenant', false, 7, { a: 1 }])
})

test.each([
  ['is not there', 'none', 'ERR_SCRIPT_UNKNOWN', "there is no script 'none'"],
  ['does not allow the id', 'job', 'ERR_SCRIPT_DENIED', "'tenant' is none of the callers of the script 'job'"],
])('a timer whose script %s fails, and that is logged', async (_what, name, code, message) => {
  engine = new Engine()
  engine.addScript('job', 'return 1', { callers: ['other'] })
  const logged = once(engine, 'log')
  await engine.run(`timer.at(0, '${name}')`, 'tenant')
  const [entry] = await logged
  expect(entry).toMatchObject({ level: 'error', scriptId: 'tenant', fields: { code } })
  expect(entry.message).toBe(`${message}; nothing was run`)
})

test.each([
  ['the host calls', (engine) => engine.callScript('maker')],
  ['another script calls', (engine) => engine.run("scripts.call('maker')", 'caller')],
])('a timer of a named script that %s has the limits of that script', async (_who, call) => {
  engine = new Engine()
  engine.addScript('maker', 'timer.at(0, function() while true do end end)', { callers: '*', timeout: 50 })
  const logged = once(engine, 'log')
  await call(engine)
  const [entry] = await logged
  expect(entry).toMatchObject({ scriptId: 'maker', fields: { code: 'ERR_LUA_TIMEOUT' } })
  expect(entry.message).toContain('50 ms')
})

test('the libraries repeat with now and seed', async () => {
  engine = new Engine()
  const code = `
    return hex.encode(crypto.random(8)), crypto.uuid(), crypto.uuid7(), time.iso(time.now()), time.monotonic(), math.random(1e9)`
  const options = { now: 1_600_000_000_000, seed: 5 }
  const [one, other] = [await engine.run(code, 'x', options), await engine.run(code, 'y', options)]
  expect(one.values).toEqual(other.values)
  expect(one.values[3]).toBe('2020-09-13T12:26:40.000Z')
  const elsewhere = await engine.run(code, 'x', { ...options, seed: 6 })
  expect(elsewhere.values[0]).not.toBe(one.values[0])
})

describe('named scripts repeat', () => {
  const random = 'return math.random(1e9), time.now()'
  const [now, seed] = [1_600_000_000_000, 5]

  test('with the options of addScript, whoever calls them', async () => {
    engine = new Engine()
    engine.addScript('r', random, { callers: '*', now, seed })
    const { values } = await engine.callScript('r')
    expect(values[1]).toBe(1_600_000_000)
    expect((await engine.callScript('r')).values).toEqual(values)
    expect((await engine.run('return scripts.call("r")', 'x')).values).toEqual(values)
  })

  test('with the options of callScript, which come before those of addScript', async () => {
    engine = new Engine()
    engine.addScript('r', random, { now: 0, seed: 1 })
    const { values } = await engine.callScript('r', [], { now, seed })
    expect(values).toEqual((await engine.run(random, 'x', { now, seed })).values)
    expect((await engine.callScript('r')).values).not.toEqual(values)
  })
})

test('the run of a timer logs from the level on from which the run that made it does', async () => {
  engine = new Engine()
  const levels = []
  engine.on('log', ({ level, message }) => levels.push(`${level} ${message}`))
  const done = new Promise((resolve) => engine.expose('done', resolve))
  const code = "timer.at(0, function() log.debug('seen') log.info('seen') host.done() end)"
  await engine.run(code, 'tenant', { logLevel: 'debug' })
  await done
  expect(levels).toEqual(['debug seen', 'info seen'])
})
