// Scripts go on while the event loop is busy: workers take what is next by themselves.
'use strict'

const { setImmediate: turn } = require('node:timers/promises')
const { Engine } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS } = require('./support/constants')
const { rejection } = require('./support/rejection')

/** Keeps the event loop busy. */
function busy(ms) {
  const start = performance.now()
  while (performance.now() - start < ms);
}

test('long scripts use their slot while the event loop is blocked', async () => {
  const engine = new Engine({ concurrency: 1 })
  const runs = ['a', 'b'].map((id) => rejection(engine.runLua(ENDLESS, id, { timeout: 10_000 })))
  while (engine.stats().started < 2) await turn()
  let most = 0
  // One slice is a sixth of it. Other programs may have the core at one time or another.
  for (let i = 0; i < 30 && most < 0.6; i++) {
    await turn()
    engine.resetStats()
    busy(60)
    most = Math.max(most, engine.stats().utilization)
  }
  await engine.close({ timeout: 0 })
  await Promise.all(runs)
  expect(most).toBeGreaterThanOrEqual(0.6)
})

test('short scripts do not wait for an event loop that is late', async () => {
  const engine = new Engine({ concurrency: 1 })
  const runs = Array.from({ length: 400 }, (_, i) => engine.runLua('return script.id', `id-${i}`))
  // Five trips would take 80.
  for (let i = 0; i < 5; i++) {
    busy(50)
    await turn()
  }
  expect(engine.stats().started).toBeGreaterThan(200)
  expect(await Promise.all(runs)).toEqual(runs.map((_, i) => `id-${i}`))
  expect(engine.stats()).toMatchObject({ completed: 400, queued: 0, running: 0, suspended: 0 })
})

test('what scripts write, call and return while the event loop is blocked arrives in order, once', async () => {
  const engine = new Engine({ concurrency: 1 })
  const heard = []
  engine.expose('ask', (_context, value) => {
    heard.push(`call ${value}`)
    return value
  })
  const code = `
    local function burn() local t = os.clock() while os.clock() - t < 0.015 do end end
    print("first") burn() print("second") burn()
    local answer = host.ask(...) burn() print("third") burn()
    return answer`
  const run = async (i) => {
    const { value } = await engine.run(code, `id-${i}`, {
      args: [i],
      onOutput: (text) => heard.push(`${i} ${text.trim()}`),
    })
    heard.push(`${i} ends with ${value}`)
  }
  const runs = [0, 1, 2].map(run)
  let done = false
  const all = Promise.all(runs).finally(() => {
    done = true
  })
  while (!done) {
    busy(50)
    await turn()
  }
  await all
  for (const i of [0, 1, 2]) {
    const own = heard
      .filter((what) => what.startsWith(`${i} `) || what === `call ${i}`)
      .flatMap((what) => what.split('\n'))
    expect(own.map((what) => what.replace(`${i} `, ''))).toEqual([
      'first',
      'second',
      `call ${i}`,
      'third',
      `ends with ${i}`,
    ])
  }
})

test('a run that is aborted after it has ended, before the event loop heard of it, settles once', async () => {
  const engine = new Engine({ concurrency: 1 })
  const controllers = Array.from({ length: 20 }, () => new AbortController())
  const runs = controllers.map(({ signal }, i) =>
    engine.runLua('local t = os.clock() while os.clock() - t < 0.002 do end', `id-${i}`, { signal }),
  )
  const settled = Promise.allSettled(runs)
  await turn()
  busy(60)
  for (const controller of controllers) controller.abort()
  expect((await settled).every(({ status, reason }) => status === 'fulfilled' || reason.name === 'AbortError')).toBe(
    true,
  )
  await engine.close()
  const { completed, aborted, running, queued, suspended } = engine.stats()
  expect({ ends: completed + aborted, running, queued, suspended }).toEqual({
    ends: 20,
    running: 0,
    queued: 0,
    suspended: 0,
  })
})

test.each([
  ['one thread', 1],
  ['two threads, for two slots', 2],
])('others find a thread of a pool of %s while the event loop is busy', async (_what, size) => {
  const { stdout, stderr } = await runProgram(
    `
    const { readFile } = require('node:fs/promises')
    const { setImmediate: turn } = require('node:timers/promises')
    const { Engine } = require('moonpool')
    const engine = new Engine({ concurrency: ${size} })
    for (const id of ['a', 'b', 'c']) engine.runLua('while true do end', id, { timeout: 60_000 }).catch(() => {})
    const busy = () => { const start = performance.now(); while (performance.now() - start < 20); }
    async function main() {
      while (engine.stats().started < 3) await turn()
      for (let i = 0; i < 10; i++) { busy(); await turn() }
      let turns = 0, done = false
      readFile('package.json').then(() => { done = true })
      for (; !done; turns++) { busy(); await turn() }
      console.log(turns < 50)
      process.exit()
    }
    main()`,
    { env: { UV_THREADPOOL_SIZE: String(size) } },
  )
  expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' })
})

test('a process that exits after its event loop was busy waits for no script', async () => {
  const { stdout, stderr } = await runProgram(`
    const { Worker } = require('node:worker_threads')
    const { Engine } = require('moonpool')
    const code = \`
      const { Engine } = require('moonpool')
      const engine = new Engine({ concurrency: 1 })
      for (const id of ['a', 'b']) engine.runLua('while true do end', id, { timeout: 60_000 }).catch(() => {})
      setInterval(() => { const start = performance.now(); while (performance.now() - start < 50); }, 1)\`
    const worker = new Worker(code, { eval: true })
    const engine = new Engine({ concurrency: 1 })
    for (const id of ['a', 'b']) engine.runLua('while true do end', id, { timeout: 60_000 }).catch(() => {})
    setTimeout(async () => {
      await worker.terminate()
      const start = performance.now()
      while (performance.now() - start < 60);
      console.log('out')
      process.exit()
    }, 300)`)
  expect({ stdout, stderr }).toEqual({ stdout: 'out\n', stderr: '' })
})
