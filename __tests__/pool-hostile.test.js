// Pools beside careless hosts: whatever setup, signals and borrowers do, each call settles once, and the pool ends.
'use strict'

const { runProgram } = require('./support/child')
const { ENDLESS, FOREVER } = require('./support/constants')
const { engineWith, until } = require('./support/engine')
const { Randomly } = require('./support/random')
const { rejection } = require('./support/rejection')

const never = () => new Promise(() => {})

/** A signal that does something of its own when nobody listens to it any more. */
const signalThat = (act) => ({ aborted: false, addEventListener() {}, removeEventListener: act })

describe('closing the engine refuses the calls that wait for a context', () => {
  test.each([
    ['while all contexts are lent for ever', { size: 1 }, (pool) => void pool.use(never)],
    ['while setup hangs', { size: 2, setup: never, setupTimeout: FOREVER }, () => {}],
  ])('%s', async (_, options, begin) => {
    const engine = engineWith()
    const pool = engine.createPool('x', options)
    begin(pool)
    const calls = [rejection(pool.run('return 1')), rejection(pool.call('f')), rejection(pool.use(() => 1))]
    await until(() => pool.pending === 3)
    await engine.close()
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED', scriptId: 'x' })
      expect(error.message).toMatch(/nothing was run$/)
    }
    expect(pool.pending).toBe(0)
    expect(engine.stats().rejected).toBe(2)
  })

  test('and its end lets go of setup, which would keep the process alive', async () => {
    const { exitCode, stdout } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine.createPool('x', { size: 2, setup: () => new Promise(() => {}), setupTimeout: ${FOREVER} })
      setTimeout(() => engine.close().then(() => console.log('closed')), 50)`)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'closed\n' })
  })

  test('from within setup, too, which may close the engine', async () => {
    const engine = engineWith()
    const pool = engine.createPool('x', { size: 1, setup: () => engine.close().then(never), setupTimeout: FOREVER })
    expect(await rejection(pool.run('return 1'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    await pool.close()
  })
})

test.each(['replace', 'drain', 'close'])(
  'a signal that calls %s when its call gets a context: the call has it',
  async (method) => {
    const pool = engineWith().createPool('x', { size: 1 })
    let giveBack
    const lent = pool.use(() => new Promise((resolve) => (giveBack = resolve)))
    await until(() => giveBack)
    const signal = signalThat(() => pool[method]())
    const call = pool.use(async (context) => (await context.run('return 7')).value, { signal })
    giveBack()
    expect(await call).toBe(7)
    await lent
    await pool.drain()
    expect(pool.idle).toBe(0)
  },
)

test('whatever is done with a pool at random, each call settles once, no two have the same context, and it ends', async () => {
  const random = new Randomly()
  for (let round = 0; round < 8; round++) await abuse(random)
})

/** One pool, and all that can be done with it, at random. */
async function abuse(random) {
  const engine = engineWith({ concurrency: 2 })
  const size = 1 + random.below(4)
  const lent = new Set()
  let most = 0
  const setup = async (context) => {
    const kind = random.below(12)
    if (kind === 0) throw new Error('setup has thrown')
    if (kind === 1) return never()
    if (kind === 2) return context.close()
    if (kind === 3) await context.run(ENDLESS, { timeout: 5 })
    if (kind === 4) await rejection(random.pick([() => pool.run('return 1'), () => pool.drain(), () => pool.close()])())
    if (kind === 5) context.run('sleep(0.002)').catch(() => {})
    if (kind === 6) await rejection(Promise.resolve().then(() => pool.replace()))
    await context.run('mine = 0')
  }
  const pool = engine.createPool('x', { size, setup, setupTimeout: 20, maxPending: 20, timeout: 2000 })
  const borrow = (act) => async (context) => {
    if (lent.has(context)) throw new Error('it is lent to two')
    lent.add(context)
    most = Math.max(most, lent.size)
    try {
      return await act(context)
    } finally {
      lent.delete(context)
    }
  }
  const acts = [
    () => 1,
    () => new Promise((resolve) => setTimeout(resolve, random.below(5))),
    () => Promise.reject(new Error('the borrower has thrown')),
    (context) => context.close(),
    (context) => context.run(ENDLESS, { timeout: 5 }),
    (context) => void context.run(ENDLESS, { timeout: 10 }).catch(() => {}),
    (context) => context.run('mine = mine + 1 return mine'),
    () => pool.run('return 1'),
    () => pool.use(() => 1),
  ]
  const codes = ['return 1', 'sleep(0.002)', 'error("no")', ENDLESS, 'mine = mine + 1']
  let [made, settled] = [0, 0]
  const calls = []
  const make = (start) => {
    made += 1
    const controller = random.below(4) === 0 ? new AbortController() : undefined
    if (controller) setTimeout(() => controller.abort(), random.below(8))
    const options = {
      signal: controller?.signal,
      queueTimeout: random.below(4) === 0 ? 1 + random.below(8) : undefined,
    }
    calls.push(
      start(options).then(
        () => (settled += 1),
        (error) => {
          settled += 1
          if (error.message === 'it is lent to two') throw error
        },
      ),
    )
  }
  for (let i = 0; i < 60; i++) {
    const kind = random.below(20)
    if (kind < 9) make((options) => pool.use(borrow(random.pick(acts)), options))
    else if (kind < 16) make((options) => pool.run(random.pick(codes), { ...options, timeout: 10 }))
    else if (kind < 17) pool.replace()
    else await new Promise((resolve) => setTimeout(resolve, random.below(4)))
  }
  await random.pick([() => pool.drain(), () => pool.close(), () => engine.close({ timeout: 50 })])()
  await Promise.all(calls)
  await pool.close()
  expect({ seed: random.seed, settled, pending: pool.pending, idle: pool.idle }).toEqual({
    seed: random.seed,
    settled: made,
    pending: 0,
    idle: 0,
  })
  expect(most).toBeLessThanOrEqual(size)
  await until(() => engine.stats().running + engine.stats().suspended === 0)
}
