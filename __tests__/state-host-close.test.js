// The end of an engine, seen from the host's State: what closing waits for, and what is refused from then on.
'use strict'

const { runProgram } = require('./support/child')
const { ENDLESS } = require('./support/constants')
const { engineExposing, engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

const codes = (calls) =>
  Promise.all(
    calls.map((call) =>
      call.then(
        () => 'resolved',
        ({ code }) => code,
      ),
    ),
  )

test('a closed engine refuses everything', async () => {
  const engine = engineWith()
  const space = engine.state('acme')
  await engine.close()
  const calls = [
    space.get('k'),
    space.set('k', 1),
    space.delete('k'),
    space.has('k'),
    space.list(),
    space.incr('k'),
    space.clear(),
    space.size(),
    space.entries().next(),
    engine.stateOwners().next(),
    engine.grants(),
  ]
  expect(await codes(calls)).toEqual(calls.map(() => 'ERR_ENGINE_CLOSED'))
  expect((await rejection(space.get('k'))).scriptId).toBe('acme')
})

test('closing waits for what is under way', async () => {
  const engine = engineWith()
  const space = engine.state('acme')
  await engine.run('for i = 1, 5000 do State.set("k" .. i, i) end', 'acme')
  const calls = [space.clear(), space.set('a', 1), space.list(), space.size()]
  const settled = []
  for (const [i, call] of calls.entries()) call.then(() => settled.push(i))
  await engine.close()
  expect(settled.sort()).toEqual([0, 1, 2, 3])
  expect(await calls[2]).toEqual(['a'])
})

test('host functions that serve the last runs may use State until those are done', async () => {
  const engine = engineExposing({
    get: async ({ scriptId }, key) => {
      await new Promise(setImmediate)
      return engine.state(scriptId).get(key)
    },
  })
  await engine.state('acme').set('k', 7)
  const run = engine.run('return host.get("k")', 'acme')
  const closed = engine.close()
  expect((await run).value).toBe(7)
  await closed
  expect(await codes([engine.state('acme').get('k')])).toEqual(['ERR_ENGINE_CLOSED'])
})

test('what is under way when the timeout of close passes is rejected, once', async () => {
  const engine = engineWith({ concurrency: 1 })
  const space = engine.state('acme')
  const run = rejection(engine.run(ENDLESS, 'acme'))
  const ends = []
  for (let i = 0; i < 5; i++) {
    space.list().then(
      () => ends.push('resolved'),
      ({ code }) => ends.push(code),
    )
  }
  await engine.close({ timeout: 0 })
  expect((await run).code).toBe('ERR_ENGINE_CLOSED')
  await new Promise(setImmediate)
  expect(ends).toHaveLength(5)
  for (const end of ends) expect(['resolved', 'ERR_ENGINE_CLOSED']).toContain(end)
})

test('calling the engine again inside of a promise of State is fine', async () => {
  const engine = engineWith()
  const space = engine.state('acme')
  const results = []
  await space.set('k', 1).then(async () => {
    results.push(await space.list())
    await engine.run('State.set("k", 2)', 'acme')
    results.push(await space.get('k'))
    for await (const [key] of space.entries()) {
      await space.clear()
      results.push(key, await space.size())
    }
    await engine.close()
  })
  expect(results).toEqual([['k'], 2, 'k', { entries: 0, bytes: 0 }])
})

test('an async hook may call the engine while a question sets off', async () => {
  const { createHook } = require('node:async_hooks')
  const engine = engineWith()
  const space = engine.state('acme')
  await space.set('k', 1)
  const inner = []
  const hook = createHook({
    init(_id, type) {
      if (type === 'moonpool.state' && inner.length < 3) inner.push(space.get('k'), space.size())
    },
  }).enable()
  const [list, size] = await Promise.all([space.list(), space.size()])
  hook.disable()
  expect([list, size.entries]).toEqual([['k'], 1])
  expect(inner.length).toBeGreaterThan(0)
  expect((await Promise.all(inner)).filter((_, i) => i % 2 === 0)).toEqual(
    inner.filter((_, i) => i % 2 === 0).map(() => 1),
  )
})

test('answers come in the async context of the call', async () => {
  const { AsyncLocalStorage } = require('node:async_hooks')
  const storage = new AsyncLocalStorage()
  const engine = engineWith()
  const space = engine.state('acme')
  await space.set('n', 0)
  const seen = await Promise.all(
    [1, 2, 3].map((request) =>
      storage.run(request, async () => {
        await space.list()
        await space.update('n', (n) => n + storage.getStore())
        for await (const _ of space.entries()) return storage.getStore()
      }),
    ),
  )
  expect([seen, await space.get('n')]).toEqual([[1, 2, 3], 6])
})

test('a tampered Proxy as options, or as a value, harms nobody', async () => {
  const engine = engineWith()
  const space = engine.state('acme')
  const trap = new Error('trap')
  const hostile = new Proxy(
    {},
    {
      ownKeys() {
        throw trap
      },
      getPrototypeOf() {
        throw trap
      },
    },
  )
  for (const call of [space.set('k', hostile), space.set('k', 1, hostile), engine.grant(hostile)]) {
    expect(await rejection(call)).toBe(trap)
  }
  expect(await space.list()).toEqual([])
})

test('a process ends when nothing is under way any more, with or without close', async () => {
  for (const end of ['', 'await engine.close()']) {
    const { exitCode, stdout, stderr } = await runProgram(`
      const { Engine } = require('.')
      async function main() {
        const engine = new Engine()
        const space = engine.state('acme')
        await space.set('k', 1)
        console.log(await space.list(), await space.size())
        ${end}
      }
      main()
    `)
    expect([exitCode, stdout, stderr]).toEqual([0, "[ 'k' ] { entries: 1, bytes: 194 }\n", ''])
  }
})

test('a process stays alive for questions that take time', async () => {
  const { stdout } = await runProgram(`
    const { Engine } = require('.')
    new Engine().state('acme').list().then((keys) => console.log(keys.length, 'keys'))
  `)
  expect(stdout).toBe('0 keys\n')
})

test('worker threads that are terminated while questions are under way take nothing with them', async () => {
  const { exitCode, stdout, stderr } = await runProgram(`
    const { Worker } = require('node:worker_threads')
    const { Engine } = require('.')
    const source = \`
      const { Engine } = require(${JSON.stringify(`${process.cwd()}`)})
      const { parentPort } = require('node:worker_threads')
      const engine = new Engine({ state: { memory: 'x' } })
      const space = engine.state('acme')
      function next(i) { (i % 2 ? space.list() : space.set('k' + i % 100, 'x'.repeat(50000))).then(() => next(i + 1)) }
      for (let i = 0; i < 8; i++) next(i)
      parentPort.postMessage('begun')
    \`
    async function main() {
      const engine = new Engine({ state: { memory: 'x' } })
      for (let i = 0; i < 6; i++) {
        const worker = new Worker(source, { eval: true })
        await new Promise((resolve) => worker.once('message', resolve))
        await new Promise((resolve) => setTimeout(resolve, i * 3))
        await worker.terminate()
      }
      console.log((await engine.state('acme').list()).length > 0, await engine.state('acme').incr('n'))
    }
    main()
  `)
  expect([exitCode, stdout, stderr]).toEqual([0, 'true 1\n', ''])
})
