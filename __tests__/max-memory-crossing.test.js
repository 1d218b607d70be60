// maxMemory, while JavaScript is given results, output and arguments: they count until it has them.
'use strict'

const { MIB } = require('./support/constants')
const { engineExposing, engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

const KILLED = { code: 'ERR_LUA_MEMORY', limit: 'maxMemory' }

const bytes = (engine) => engine.stats().memory

describe('what JavaScript is given', () => {
  /** Decoded in many turns of the loop. */
  const BIG = 'local t = {} for i = 1, 200000 do t[i] = { n = i } end return t'
  const options = { timeout: 60_000 }

  /** The memory of an engine whose runs are all with JavaScript. */
  async function memoryMeanwhile(engine) {
    await until(() => engine.stats().started > 0 && engine.stats().running + engine.stats().suspended === 0)
    return bytes(engine)
  }

  test.each([
    ['a result', BIG, 18 * MIB],
    ['a thrown value', 'local t = {} for i = 1, 16000 do t[i] = {["k" .. i] = 1} end error(t)', 2 * MIB],
    ['output', 'io.write(("é"):rep(5e5)) error("x")', 1.5 * MIB],
    ['text', 'return ("é"):rep(5e6)', 9 * MIB],
  ])('%s counts until it is decoded', async (_, code, least) => {
    const engine = engineWith({ warmVms: 0 })
    const run = engine.run(code, 'x', options).catch((error) => error)
    expect(await memoryMeanwhile(engine)).toBeGreaterThan(least)
    await run
    expect(bytes(engine)).toBe(0)
  })

  test('a small one does not count', async () => {
    const engine = engineWith({ warmVms: 0 })
    for (const code of ['return 1', 'return ("x"):rep(10000)', 'error("x")'])
      await rejection(engine.run(`${code}`, 'x')).catch(() => {})
    expect(bytes(engine)).toBe(0)
  })

  test.each(['abort', 'close'])('not after %s', async (how) => {
    const engine = engineWith({ warmVms: 0 })
    const controller = new AbortController()
    // So big that it is not decoded before it is stopped.
    const huge = { ...options, memoryLimit: 512 * MIB, maxNodes: 4_000_000, signal: controller.signal }
    const run = rejection(engine.run(BIG.replace('200000', '1000000'), 'x', huge))
    expect(await memoryMeanwhile(engine)).toBeGreaterThan(18 * MIB)
    if (how === 'abort') controller.abort()
    else await engine.close({ timeout: 0 })
    await run
    expect(bytes(engine)).toBe(0)
  })

  test('arguments count until the script goes on, also towards memoryLimit', async () => {
    let answer
    const engine = engineExposing(
      {
        f: () =>
          new Promise((resolve) => {
            answer = resolve
          }),
      },
      { warmVms: 0 },
    )
    const run = engine.run('local s = ("x"):rep(5e6) host.f(s, s, s) host.f(1)', 'x', options)
    await until(() => answer)
    expect(bytes(engine)).toBeGreaterThan(18 * MIB)
    const first = answer
    answer = undefined
    first()
    await until(() => answer)
    expect(bytes(engine)).toBeLessThan(10 * MIB)
    answer()
    expect((await run).stats.peakMemory).toBeGreaterThan(18 * MIB)
    expect(bytes(engine)).toBe(0)
  })

  test('arguments of a run that has ended are not decoded any more', async () => {
    let calls = 0
    const engine = engineExposing({ f: () => (calls += 1) }, { warmVms: 0 })
    const controller = new AbortController()
    const run = rejection(
      engine.run(BIG.replace('return t', 'host.f(t)'), 'x', { ...options, signal: controller.signal }),
    )
    await until(() => engine.stats().started > 0 && engine.stats().running === 0 && engine.stats().suspended === 1)
    await until(() => bytes(engine) > 18 * MIB)
    while (engine.stats().running > 0) await new Promise(setImmediate)
    controller.abort()
    await run
    await until(() => bytes(engine) === 0)
    expect(calls).toBe(0)
  })

  test('so many runs with big results do not pile them up', async () => {
    const engine = engineWith({ maxMemory: 128 * MIB, warmVms: 0, concurrency: 1 })
    const before = process.memoryUsage().external
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().external - before)
    }, 1)
    const runs = Array.from({ length: 30 }, () => engine.run('return ("é€"):rep(3000000)', 'x', options))
    const ends = await Promise.allSettled(runs.map(async (run) => (await run).value.length))
    clearInterval(watch)
    for (const { value, reason } of ends)
      expect(value ?? reason).toEqual(value ? 6000000 : expect.objectContaining(KILLED))
    expect(ends.filter(({ value }) => value).length).toBeGreaterThan(15)
    // One that a collection of V8's has not freed yet may come on top.
    expect(most).toBeLessThan(250 * MIB)
    expect(bytes(engine)).toBe(0)
  })
})
